//! The beats of an explanation, each with several tellings.
//!
//! The sentences claim nothing about the subject that is not true of almost anything: the
//! simulator knows few subjects, and a rehearsal that invents facts teaches wrong ones.

/// One beat: a step of the explanation.
pub(super) struct Beat {
    pub(super) heading: &'static str,
    /// Its place among the middle beats.
    pub(super) place: u8,
    /// Beats of a higher rank are told first when there is no room for all.
    pub(super) rank: u8,
    /// Narration and image prompt, with places for the subject's words.
    pub(super) tellings: &'static [(&'static str, &'static str)],
}

pub(super) const OPENING: Beat = Beat {
    heading: "The question",
    place: 0,
    rank: 9,
    tellings: &[
        (
            "Most of us have met {thing} without asking a single question about it. Today we ask one: {clause}. The answer starts closer to home than you might think.",
            "A curious traveller on a winding path looking at {thing} in the distance, wide landscape at sunrise",
        ),
        (
            "Stop for a moment and think of {thing}. It looks simple from the outside, and yet {clause} is a story with several layers. Let us open them one by one.",
            "{Thing} in a wide open landscape at golden hour, inviting and bright",
        ),
        (
            "Here is a question that sounds easy until somebody has to answer it: {clause}. Behind it stands a chain of small steps. Follow them, and {thing} will never look the same again.",
            "A bright doorway opening onto {thing}, warm morning light, hills behind",
        ),
    ],
};

pub(super) const MIDDLE: &[Beat] = &[
    Beat {
        heading: "What it is",
        place: 1,
        rank: 8,
        tellings: &[
            (
                "First, what are we talking about? When people say {thing}, they mean something that can be pointed at, described and compared with what lies around it. Drawing that line clearly is half of understanding {clause}.",
                "A clear close-up illustration of {thing} on a calm background, soft light",
            ),
            (
                "Let us begin with the thing itself. {Thing} has parts, each part has a job, and the whole only makes sense when you see them together. Keep {other} in mind: it comes back in every step.",
                "{Thing} taken apart into its pieces, neatly arranged, diagram style with gears",
            ),
        ],
    },
    Beat {
        heading: "Where it begins",
        place: 2,
        rank: 6,
        tellings: &[
            (
                "Every process needs a push to get going. For {thing} the push comes from a difference: something is higher, warmer, faster or more wanted on one side than on the other. Nature and people alike tend to even such differences out.",
                "Two sides of a landscape, one warm and one cool, meeting at a river, {thing} between them",
            ),
            (
                "The story of {clause} starts before anything can be seen. Conditions gather quietly, one after another, until a threshold is reached. From there on things move quickly.",
                "Quiet forest before dawn with a small light growing, {thing} hinted in the mist",
            ),
        ],
    },
    Beat {
        heading: "Step by step",
        place: 3,
        rank: 7,
        tellings: &[
            (
                "Now watch it step by step. One change leads to the next, and each step hands something on: energy, material or information. Miss one step, and {other} would not follow.",
                "A row of stepping stones across water leading towards {thing}, clear morning",
            ),
            (
                "Slow it down, and {clause} becomes a relay race. The first runner starts, the second takes over, and nothing is lost on the way, it only changes its shape. That is why {other} belongs to the picture.",
                "Interlocking gears and wheels passing motion along, {thing} at the centre",
            ),
        ],
    },
    Beat {
        heading: "What keeps it going",
        place: 4,
        rank: 4,
        tellings: &[
            (
                "Why does it not simply stop? Because the result of the last step feeds the first one again. Such loops are everywhere, and {thing} is a fine example of one.",
                "A great circular river loop seen from above, glowing in the evening, {thing} in the middle",
            ),
            (
                "Two forces pull in opposite directions here. One builds up, the other wears down, and {thing} is what we see while they are in balance. Shift the balance a little, and the picture changes.",
                "A balance scale over rolling hills, {thing} on one side, light and shadow",
            ),
        ],
    },
    Beat {
        heading: "An example",
        place: 5,
        rank: 6,
        tellings: &[
            (
                "Take an example from an ordinary day. You walk down a street, you look up, and there it is: {thing}, doing what it always does. Once you know what to look for, you find it in surprising places.",
                "A lively city street in warm light with {thing} among the houses",
            ),
            (
                "Imagine a kitchen table with everything you need to try it out. A small model of {thing} shows the same behaviour as the big one, only slower and safer. That is how many people first understood {clause}.",
                "A kitchen table with a small model of {thing}, a cup of coffee and a window with morning light",
            ),
        ],
    },
    Beat {
        heading: "A common mistake",
        place: 6,
        rank: 5,
        tellings: &[
            (
                "A common belief about {thing} is that there is one single cause. There rarely is. It takes several conditions at once, and leaving out {other} gives an explanation that is neat, popular and incomplete.",
                "A fork in a forest path, one way bright and one way foggy",
            ),
            (
                "Many people get one thing the wrong way round. They take what comes with {thing} for what causes it. Ask what happens first, and the misunderstanding falls apart by itself.",
                "A mirror lake reflecting mountains upside down, {thing} on the shore",
            ),
        ],
    },
    Beat {
        heading: "Why it matters",
        place: 7,
        rank: 3,
        tellings: &[
            (
                "Does it matter? Yes, because decisions hang on it. Whoever understands {clause} plans better, wastes less and is harder to fool.",
                "People on a hill overlooking a green valley with houses, fields and {thing}, hopeful sky",
            ),
            (
                "This is more than a curiosity. {Thing} touches things we pay for, care for or depend on. A little understanding goes a long way when choices have to be made.",
                "A network of glowing connections between houses, trees and {thing} at dusk",
            ),
        ],
    },
];

pub(super) const CLOSING: Beat = Beat {
    heading: "What to remember",
    place: 9,
    rank: 9,
    tellings: &[
        (
            "So remember three things. {Thing} has a cause, a course and a consequence, and none of them stands alone. The next time someone asks {clause}, you will know where to begin.",
            "Sunrise over mountains, a traveller at the summit looking back at {thing}",
        ),
        (
            "That is the heart of it. A difference, a chain of steps and a balance: together they explain {clause}. Look around today, and you may catch {thing} in the act.",
            "Wide calm landscape in the evening with {thing} and a sky full of stars",
        ),
        (
            "We began with a simple question, and we end with a better one. If this is {clause}, what else around us works the same way? Keep asking, and {thing} will keep answering.",
            "An open book under a tree on a hill at sunset, {thing} rising from its pages",
        ),
    ],
};

/// Beats that fit between any others.
pub(super) const ASIDES: &[Beat] = &[
    Beat {
        heading: "How we know",
        place: 0,
        rank: 1,
        tellings: &[
            (
                "How do we know any of this? People watched, measured and wrote it down, and then others tried to prove them wrong. What we say about {thing} today is what survived.",
                "An observatory with a telescope on a hill under a starry sky",
            ),
            (
                "Good instruments changed the picture. They see what is too small, too far or too slow for the eye. With them, {thing} turned from a riddle into something that can be measured.",
                "A scientist's desk with a microscope and glowing charts, {thing} under the lens",
            ),
            (
                "An honest answer names its evidence. For {thing} there are records, experiments and models, and they agree where they overlap. Where they disagree, the work goes on.",
                "A rising chart of glowing bars over a calm landscape at dusk",
            ),
        ],
    },
    Beat {
        heading: "A look back",
        place: 0,
        rank: 1,
        tellings: &[
            (
                "People wondered about {thing} long before there were textbooks. They told stories, made guesses and passed on what worked. Some of those old guesses were closer than you would expect.",
                "An old library with tall shelves, an open book and a candle",
            ),
            (
                "The words we use for {thing} are older than the explanations. Names stay, meanings move. That is worth keeping in mind when old sources are quoted.",
                "An ancient town with stone towers at sunset, an open book in the foreground",
            ),
            (
                "Each generation answered the question with the tools of its time. First by eye, then by scale and clock, now by computer. The question of {clause} stayed the same.",
                "A large clock and sundial in a garden, long evening shadows",
            ),
        ],
    },
    Beat {
        heading: "From close up",
        place: 0,
        rank: 1,
        tellings: &[
            (
                "Come closer, much closer. At this scale {thing} is made of countless small parts that know nothing of the whole. The pattern we see is what they do together.",
                "Microscopic world with glowing particles and molecules",
            ),
            (
                "Details carry the story. A small difference in one place decides what happens in another. That is true of {thing} more than of most things.",
                "A drop of dew on a leaf reflecting the whole world, close-up",
            ),
            (
                "Look at one single moment and freeze it. Everything that matters for {other} is already there, in place and ready. Then let time run again.",
                "A crystal with light breaking into colours, close-up",
            ),
        ],
    },
    Beat {
        heading: "From far away",
        place: 0,
        rank: 1,
        tellings: &[
            (
                "Now step back as far as you can. From above, {thing} is one piece of a larger pattern, tied to its surroundings by many threads. Pull one, and the others move.",
                "Planet earth seen from space with glowing continents",
            ),
            (
                "Over a day not much seems to change. Over a year, or a hundred years, {thing} tells quite another story. Patience is a kind of microscope too.",
                "Four seasons in one landscape with a great tree",
            ),
            (
                "On a map the question looks different. Where {thing} is found, and where it is not, says a lot about what it needs. Borders of this kind are drawn by conditions, not by people.",
                "A landscape from above with rivers, coast and mountains at morning",
            ),
        ],
    },
    Beat {
        heading: "A comparison",
        place: 0,
        rank: 1,
        tellings: &[
            (
                "Think of a river finding its way downhill. Nobody steers it, and still it arrives. {Thing} follows its own slope in much the same way.",
                "A river winding through green hills to the sea",
            ),
            (
                "An orchestra makes a good comparison. Each player follows a part, and the music is in none of them alone. With {thing} it is the same.",
                "Glowing sound waves over a stage with instruments, warm light",
            ),
            (
                "Compare it with a busy kitchen. Things arrive, are changed and leave, and timing decides whether it works. Seen this way, {clause} is a question of order.",
                "A cosy kitchen with steaming pots and a coffee cup",
            ),
        ],
    },
    Beat {
        heading: "Still open",
        place: 0,
        rank: 1,
        tellings: &[
            (
                "Not everything is settled. Some questions about {thing} are still open, and that is good news for anyone who likes to find things out. The best answer of today is an invitation.",
                "A lighthouse shining over a dark sea under the milky way",
            ),
            (
                "What would change our mind? A single well-made observation that does not fit. So far {other} fits, and people keep looking.",
                "A small boat on a wide sea heading for an unknown island at dawn",
            ),
            (
                "Ask ten experts about {thing}, and they will agree on most of it. The rest is where they argue, measure and learn. That is how it should be.",
                "A round table in a bright hall with glowing network lines above it",
            ),
        ],
    },
];
