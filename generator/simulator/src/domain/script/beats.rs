//! The beats of an explanation, each with several tellings.
//!
//! The sentences claim nothing about the subject that is not true of almost anything: the
//! simulator knows few subjects, and a rehearsal that invents facts teaches wrong ones.
//! `{thing}` is one or many, so no verb agrees with it; `{clause}` is "why cats purr", `{question}`
//! is "why do cats purr?"; a
//! sentence with `{other}` is left out where only one thing was named.

/// One beat: a step of the explanation.
pub(super) struct Beat {
    pub(super) heading: &'static str,
    /// Beats of a higher rank are told first when there is no room for all.
    pub(super) rank: u8,
    /// Narration and image prompt, with places for the subject's words.
    pub(super) tellings: &'static [(&'static str, &'static str)],
}

pub(super) const OPENING: Beat = Beat {
    heading: "The question",
    rank: 9,
    tellings: &[
        (
            "Most of us have met {thing} without asking a single question. Today we ask one: {question} The answer starts closer to home than you might think.",
            "A curious traveller on a winding path through a wide landscape at sunrise, looking towards {thing}",
        ),
        (
            "Stop for a moment and think of {thing}. It all looks simple from the outside, and yet there is a story with several layers. Let us open them one by one and see {clause}.",
            "{Thing} in a wide open landscape at golden hour, inviting and bright",
        ),
        (
            "Here is a question that sounds easy until somebody has to answer it: {question} Behind it stands a chain of small steps. Follow them, and you will look at {thing} with other eyes.",
            "A bright path leading to {thing}, warm morning light, hills behind",
        ),
        (
            "Children ask it, experts argue about it, and most of us have simply got used to it: {question} In the next minutes we take {thing} apart. Then we put everything together again.",
            "A child on a hill looking at {thing} under a great sky in the morning",
        ),
    ],
};

pub(super) static MIDDLE: &[Beat] = &[
    Beat {
        heading: "What it is",
        rank: 8,
        tellings: &[
            (
                "First, what are we talking about? When people say {thing}, they mean something that can be pointed at, described and compared with what lies around it. Drawing that line clearly is half of the answer.",
                "A clear close-up illustration of {thing} on a calm background, soft light",
            ),
            (
                "Let us begin with the thing itself. Look closely at {thing}, and you will find parts, and each part has a job. Keep {other} in mind, since it comes back in every step. Only together do they make sense.",
                "{Thing} taken apart into pieces, neatly arranged",
            ),
            (
                "A good definition saves an hour of argument. For {thing} it has to say three things: what belongs to it, what does not, and what it is for. With that in hand, the rest becomes easier.",
                "{Thing} on a calm stage, beside an open book",
            ),
        ],
    },
    Beat {
        heading: "Where it begins",
        rank: 6,
        tellings: &[
            (
                "Everything that happens needs a push. Most often the push comes from a difference: something is higher, warmer, faster or more wanted on one side than on the other. Nature and people alike tend to even such differences out.",
                "Two sides of a landscape, one warm and one cool, meeting at a river",
            ),
            (
                "The story starts before anything can be seen. Conditions gather quietly, one after another, until a threshold is reached. From there on things move quickly, and suddenly {thing} can be noticed by everyone.",
                "Quiet forest before dawn with a small light growing in the mist",
            ),
            (
                "To see {clause}, it helps to ask what came before. There was a need, a lack or an accident. What we have today is an answer to it, and not always the only one possible.",
                "An old town at sunrise with a winding path and hills",
            ),
        ],
    },
    Beat {
        heading: "Step by step",
        rank: 7,
        tellings: &[
            (
                "Now watch it step by step. One change leads to the next, and each step hands something on: energy, material or information. Without {other} the chain would break in the middle. Miss one step, and nothing follows.",
                "A row of stepping stones across clear water, bright morning",
            ),
            (
                "Slow it down, and it becomes a relay race. The first runner starts, the second takes over, and nothing is lost on the way, it only changes its shape. That is where {other} enters the picture.",
                "Interlocking gears and wheels passing motion along",
            ),
            (
                "Imagine that you could walk through it with a lamp in your hand. In each room something comes in, is changed, and goes out again. Count the rooms, and you can tell anyone {clause}.",
                "A machine with great gears and warm light",
            ),
        ],
    },
    Beat {
        heading: "What keeps it going",
        rank: 4,
        tellings: &[
            (
                "Why does it not simply stop? Because the result of the last step feeds the first one again. Such loops can be found everywhere, and {thing} would not be there without one.",
                "A great river loop seen from above, glowing in the evening",
            ),
            (
                "Two forces pull in opposite directions here. One builds up, the other wears down, and what we see is the balance between them. Shift the balance a little, and the picture changes.",
                "A balance scale with light and shadow",
            ),
        ],
    },
    Beat {
        heading: "An example",
        rank: 6,
        tellings: &[
            (
                "Take an example from an ordinary day. You walk down a street, you look up, and there is something that has to do with {thing}. Once you know what to look for, you find it in surprising places.",
                "A lively city street in warm light with people",
            ),
            (
                "Imagine a kitchen table with everything you need to try it out. A small model shows the same behaviour as the real thing, only slower and safer. That is how many people first understood {clause}.",
                "A kitchen table with a cup of coffee and a window with morning light",
            ),
            (
                "Ask three people about {thing}, and you will hear three stories. One has made it, one has used it, one has only paid for it. Put their stories side by side, and the pattern shows.",
                "Three travellers on a hill above a valley with houses",
            ),
        ],
    },
    Beat {
        heading: "A common mistake",
        rank: 5,
        tellings: &[
            (
                "A common belief is that there is one single cause. There rarely is. It takes several conditions at once, and leaving out {other} gives an answer that is neat and popular. It is also incomplete.",
                "A fork in a forest path, one way bright and one way foggy",
            ),
            (
                "Many people get one thing the wrong way round. They take what comes with {thing} for what causes it. Ask what happens first, and the misunderstanding falls apart by itself.",
                "A mirror lake reflecting mountains",
            ),
        ],
    },
    Beat {
        heading: "Why it matters",
        rank: 3,
        tellings: &[
            (
                "Does it matter? Yes, because decisions hang on it. Whoever knows {clause} can plan better, waste less and is harder to fool.",
                "People on a hill overlooking a green valley with houses and fields",
            ),
            (
                "This is more than a curiosity. A little knowledge about {thing} touches what we pay for, care for or depend on. It goes a long way when choices have to be made.",
                "A network of glowing connections in the evening",
            ),
        ],
    },
];

pub(super) const CLOSING: Beat = Beat {
    heading: "What to remember",
    rank: 9,
    tellings: &[
        (
            "So remember three things: a cause, a course and a consequence, and none of them stands alone. The next time someone asks {clause}, you will know where to begin. And you will know what to ask next.",
            "Sunrise over mountains, a traveller at the summit looking back",
        ),
        (
            "That is the heart of it: a difference, a chain of steps and a balance. Together they tell us {clause}. Look around today, and you may catch {thing} in the act.",
            "Wide calm lake in the evening with a sky full of stars",
        ),
        (
            "We began with a simple question, and we end with a better one. If this is {clause}, what else around us works the same way? Keep asking, and keep an eye on {thing}.",
            "An open book with light rising from its pages, evening",
        ),
    ],
};

/// Beats that fit between any others.
pub(super) const ASIDES: &[Beat] = &[
    Beat {
        heading: "How we know",
        rank: 1,
        tellings: &[
            (
                "How do we know any of this? People watched, measured and wrote it down, and then others tried to prove them wrong. What is said about {thing} today is what survived.",
                "An observatory with a telescope on a hill under a starry sky",
            ),
            (
                "Good instruments changed the picture. They see what is too small, too far or too slow for the eye. With them, {thing} could be measured for the first time.",
                "A scientist's desk with a microscope",
            ),
            (
                "An honest answer names its evidence. About {thing} there are records, trials and models, and they agree where they overlap. Where they disagree, the work goes on.",
                "A rising chart of glowing bars",
            ),
        ],
    },
    Beat {
        heading: "A look back",
        rank: 1,
        tellings: &[
            (
                "People wondered about {thing} long before there were textbooks. They told stories, made guesses and passed on what worked. Some of those old guesses were closer than you would expect.",
                "An old library with tall shelves and an open book",
            ),
            (
                "The words that we use for {thing} are older than the explanations. Names stay, meanings move. That is worth keeping in mind when old sources are quoted.",
                "An ancient town with stone towers at sunset",
            ),
            (
                "Each generation answered with the tools of its time. First by eye, then by scale and clock, now by computer. But the question stayed the same: {question}",
                "A large clock in a garden, long evening shadows",
            ),
        ],
    },
    Beat {
        heading: "From close up",
        rank: 1,
        tellings: &[
            (
                "Come closer, much closer. At this scale {thing} can be seen as countless small parts that know nothing of the whole. The pattern is what they do together.",
                "Microscopic world with glowing particles and molecules",
            ),
            (
                "Details carry the story. A small difference in one place decides what happens in another. Whoever studies {thing} learns to look twice.",
                "A drop of dew on a leaf, close-up",
            ),
            (
                "Look at one single moment and freeze it. Everything that matters for {thing} is already there, in place and ready. Then let time run again.",
                "A crystal with light breaking into colours",
            ),
        ],
    },
    Beat {
        heading: "From far away",
        rank: 1,
        tellings: &[
            (
                "Now step back as far as you can. From above, {thing} will look like one piece of a larger pattern, tied to its surroundings by many threads. Pull one, and the others move.",
                "Planet earth seen from space with glowing continents",
            ),
            (
                "Over a day not much seems to change. Over a year, or a hundred years, {thing} can tell quite another story. Patience is a kind of microscope too.",
                "A great tree on a hill with autumn colours",
            ),
            (
                "On a map the question looks different. Where we find {thing}, and where we do not, says a lot about what it takes. Borders of this kind are drawn by conditions, not by people.",
                "A landscape from above with rivers, coast and mountains at morning",
            ),
        ],
    },
    Beat {
        heading: "A comparison",
        rank: 1,
        tellings: &[
            (
                "Think of a river finding its way downhill. Nobody steers it, and still it arrives. With {thing} it is much the same: the slope does the steering.",
                "A river winding through green hills to the sea",
            ),
            (
                "An orchestra makes a good comparison. Each player follows a part, and the music is in none of them alone. With {thing} it is the same.",
                "Glowing sound waves over a stage, warm light",
            ),
            (
                "Compare it with a busy kitchen. Things arrive, are changed and leave, and timing decides whether it works. Seen this way, {thing} can be understood as a question of order.",
                "A cosy kitchen with a steaming cup of coffee",
            ),
        ],
    },
    Beat {
        heading: "Still open",
        rank: 1,
        tellings: &[
            (
                "Not everything is settled. Some questions about {thing} are still open, and that is good news for anyone who likes to find things out. The best answer of today is an invitation.",
                "A lighthouse shining over a dark sea under the milky way",
            ),
            (
                "What would change our mind? A single well-made observation that does not fit. So far the picture holds, and people who study {thing} keep looking.",
                "A small boat on a wide sea heading for an unknown island at dawn",
            ),
            (
                "Ask ten experts about {thing}, and they will agree on most of it. The rest is where they argue, measure and learn. That is how it should be.",
                "A bright hall with glowing network lines",
            ),
        ],
    },
];
