//! Beyond the sky.

use super::super::{Topic, fact};

pub(super) const TOPICS: &[Topic] = &[
    Topic {
        names: &["black hole", "event horizon"],
        hints: &["gravity", "star", "space"],
        title: "Inside Black Holes",
        facts: &[
            fact(
                9,
                "A place without a way back",
                "There are places in the universe from which nothing returns, not even light. They are not holes, and they are not empty. They are matter pressed together until space itself gives way.",
                "A black hole in space with a glowing ring of hot gas",
            ),
            fact(
                8,
                "How one is made",
                "A heavy star burns for millions of years, held up by its own heat. When the fuel is spent, nothing holds the core any longer, and it collapses within a second. If it is heavy enough, the collapse never stops.",
                "A burning star in space, supernova with glowing gas",
            ),
            fact(
                8,
                "The point of no return",
                "Around every black hole lies an invisible border, the event horizon. Outside it you can still escape, inside it every path leads inwards. For the mass of our sun, that border would be only three kilometres from the centre.",
                "A black hole bending the light of stars, a small planet nearby",
            ),
            fact(
                7,
                "How we see the dark",
                "A black hole gives no light, but its surroundings do. Gas that falls towards it circles faster and faster and grows hotter than any star. In 2019 eight radio observatories together took the first picture of that ring of light.",
                "An observatory with a telescope on a hill under a starry sky with the milky way",
            ),
            fact(
                6,
                "The giant in the middle",
                "In the centre of our own galaxy sits one with the mass of four million suns. Stars race around it, and from their orbits its weight was measured. That work won a Nobel Prize in 2020.",
                "A spiral galaxy with a bright core, deep space",
            ),
            fact(
                6,
                "A common mistake",
                "Black holes do not suck things in like a drain. From a distance their gravity is like that of any other mass. If the sun became one tonight, the earth would go on circling it, only cold and dark.",
                "Planet earth in space with orbits around a dark centre",
            ),
            fact(
                9,
                "What to remember",
                "A black hole is gravity that has won. It slows time, bends light and hides what has fallen in. What happens at its very centre, no one knows yet, and that is the best part.",
                "A black hole far away above the horizon of a planet in deep space",
            ),
        ],
    },
    Topic {
        names: &["moon phase", "phases of the moon", "lunar", "moon"],
        hints: &["phase", "full", "crescent", "eclipse"],
        title: "The Moon and Its Many Faces",
        facts: &[
            fact(
                9,
                "One face, many shapes",
                "The moon shows us always the same side, and never the same shape for long. Every twenty-nine and a half days it runs through all its phases. Half of it is lit all the time.",
                "Full moon over a calm sea at night",
            ),
            fact(
                8,
                "Where it came from",
                "The best explanation is a catastrophe. About four and a half billion years ago something as large as Mars hit the young earth. The debris circled, gathered and became the moon.",
                "Planet earth in space with the moon beside it, glowing debris",
            ),
            fact(
                8,
                "Why it changes",
                "The phases have nothing to do with the earth's shadow. As the moon circles us, we see its sunlit half from different sides: first a sliver, then half, then all of it. The earth's shadow only falls on it during an eclipse.",
                "Sun, moon and planet earth in space, glowing orbits",
            ),
            fact(
                6,
                "Why always the same side",
                "The moon turns once for each time it goes round us. The earth's gravity slowed its spin long ago until the two fell into step. We had to wait for a spacecraft, in 1959, to see the far side.",
                "A spacecraft above the planet in space",
            ),
            fact(
                5,
                "Its work on earth",
                "The moon raises the tides and steadies the tilt of the earth's axis. Without it our seasons might swing wildly over the ages. It also slows us down: the days of the dinosaurs were about half an hour shorter.",
                "Wide beach at low tide with the moon above the sea",
            ),
            fact(
                5,
                "A common mistake",
                "There is no dark side of the moon. The far side has day and night just as the near side has, each lasting about two weeks. It is only hidden from us, not from the sun.",
                "The moon in a starry night sky over mountains",
            ),
            fact(
                9,
                "What to remember",
                "The moon is a witness of how the earth began, and a clock that everyone can read. It drifts away from us by almost four centimetres a year. Look up tonight: what you see is sunlight, borrowed for a second.",
                "A traveller on a hill looking at the moon at dusk",
            ),
        ],
    },
    Topic {
        names: &["star", "sun", "nuclear fusion", "fusion"],
        hints: &["shine", "burn", "light", "energy"],
        title: "Why Stars Shine",
        facts: &[
            fact(
                9,
                "A fire that is none",
                "The sun has been shining for four and a half billion years. If it burned like coal, it would have gone out within some thousand. Whatever makes it shine is no fire.",
                "Burning surface of the sun in space with solar flares",
            ),
            fact(
                8,
                "Pressure in the middle",
                "A star is a ball of gas so heavy that it tries to crush itself. In the sun's core the pressure rises to hundreds of billions of atmospheres, and the heat to fifteen million degrees. There, atoms lose their shells, and their nuclei race about freely.",
                "An atom with electrons around a glowing nucleus",
            ),
            fact(
                9,
                "Four become one",
                "In that crush, hydrogen nuclei join to make helium. The helium weighs a little less than what went in, and the missing mass comes out as energy. Every second the sun turns about four million tonnes into light.",
                "Glowing particles and molecules joining",
            ),
            fact(
                6,
                "The long way out",
                "The light made in the core does not simply fly out. It is absorbed and sent on again, over and over, and takes many thousands of years to reach the surface. From there it needs only eight minutes to your window.",
                "Sunrise over mountains with rays of light",
            ),
            fact(
                6,
                "How stars end",
                "A star like ours swells into a red giant and leaves a white dwarf behind. Heavy ones end in an explosion that outshines a galaxy. In both cases the ashes become material for new stars and planets.",
                "A supernova nebula with glowing gas in deep space",
            ),
            fact(
                5,
                "A common mistake",
                "We draw the sun in yellow, but seen from space it is white. The air takes some of its blue away and paints the sky with it. The colour of a star tells its heat: red ones are the coolest, blue ones the hottest.",
                "Bright sun in a blue sky over the sea",
            ),
            fact(
                9,
                "What to remember",
                "Gravity squeezes, fusion pushes back, and while the two are in balance a star shines. The iron in your blood was made in a star that is long gone. We do not only look at the stars, we come from them.",
                "A starry sky with the milky way above a forest",
            ),
        ],
    },
    Topic {
        names: &["big bang", "universe", "cosmos"],
        hints: &["begin", "beginning", "expand", "origin"],
        title: "How the Universe Began",
        facts: &[
            fact(
                9,
                "The day without a yesterday",
                "About thirteen point eight billion years ago, everything that we can see was packed into a space smaller than a grain of sand. Then it began to grow. It has never stopped.",
                "A spiral galaxy among countless stars in deep space",
            ),
            fact(
                8,
                "Not an explosion",
                "The big bang was not an explosion at some place. Space itself stretched, everywhere at once, and carried everything along. There is no centre, and there was no outside to explode into.",
                "Glowing points connected in a growing network",
            ),
            fact(
                8,
                "The first minutes",
                "In the first second it was too hot for atoms, even for their nuclei. After three minutes, hydrogen and helium nuclei had formed, in a ratio of about three to one by weight. We still find that ratio in the oldest gas clouds.",
                "Atoms with glowing nuclei and electrons",
            ),
            fact(
                7,
                "The first light",
                "For nearly four hundred thousand years the universe was a glowing fog. When it had cooled enough for atoms, light could travel freely at last. We still receive that light, stretched to microwaves, from every direction.",
                "Glowing coloured waves of light in the dark",
            ),
            fact(
                6,
                "How we know",
                "In the 1920s astronomers found that distant galaxies are moving away, the farther, the faster. Run the film backwards, and everything meets. The old light in the sky, found in 1964, settled the matter for most.",
                "An observatory with a telescope under a starry sky",
            ),
            fact(
                5,
                "A common mistake",
                "People ask what was there before. The theory does not describe the very first moment, only what followed it. Where our equations end, an honest answer is: we do not know yet.",
                "A lighthouse shining over a dark sea under stars",
            ),
            fact(
                9,
                "What to remember",
                "The universe has a history, and we can read it. It was hot and dense, it is cold and wide, and it is still growing. We are the part of it that has begun to wonder.",
                "A traveller on a mountain looking up at the milky way",
            ),
        ],
    },
    Topic {
        names: &["gravity"],
        hints: &["fall", "newton", "einstein", "weight"],
        title: "What Gravity Really Is",
        facts: &[
            fact(
                9,
                "The force that never rests",
                "You feel it in every step and in every stair. It holds the sea in its bed, the moon in its orbit and you in your chair. And it is by far the weakest force that we know.",
                "An apple tree on a hill with the moon in the sky",
            ),
            fact(
                8,
                "Newton's idea",
                "Isaac Newton saw that what pulls an apple down also holds the moon up there. The moon is falling all the time, but it moves sideways so fast that it keeps missing the earth. One law for heaven and earth: that was new.",
                "Planet earth and moon in space with a glowing orbit",
            ),
            fact(
                7,
                "Twice as far, a quarter as strong",
                "Every mass attracts every other. Double one mass, and the pull doubles; double the distance, and only a quarter is left. With that simple rule, spacecraft find their way across the solar system.",
                "Solar system with glowing orbits around the sun",
            ),
            fact(
                8,
                "Einstein's view",
                "Albert Einstein asked a different question: what if gravity is not a force at all? In his theory mass bends space and time, and things follow the straightest path through the bent space. What feels like a pull is a curve.",
                "A black hole bending space and light around it",
            ),
            fact(
                6,
                "Clocks tell the difference",
                "Where gravity is stronger, time runs slower. Satellites for navigation have to correct for it, or your map would be off by kilometres after one day. Gravity is in your pocket.",
                "A satellite above planet earth in space",
            ),
            fact(
                5,
                "A common mistake",
                "Astronauts do not float because there is no gravity up there. At the space station it is still almost nine tenths as strong as on the ground. They float because they are falling, together with everything around them.",
                "A space station satellite high above planet earth",
            ),
            fact(
                9,
                "What to remember",
                "Gravity is weak, patient and everywhere. It gathered dust into stars and stars into galaxies. Let something drop today, and remember that it follows the shape of space.",
                "A galaxy with a bright core in deep space",
            ),
        ],
    },
    Topic {
        names: &["rocket", "space travel", "spaceflight"],
        hints: &["launch", "orbit", "fuel", "space"],
        title: "How Rockets Reach Space",
        facts: &[
            fact(
                9,
                "Nine minutes to orbit",
                "Space begins only a hundred kilometres above us. A car could drive it in an hour. What makes it so hard to stay there is not the height, it is the speed.",
                "A rocket launching into the sky above planet earth",
            ),
            fact(
                9,
                "Push back, go forward",
                "A rocket does not push against the air. It throws mass backwards, and by Newton's third law it is thrown forwards itself. That works best where there is no air at all.",
                "A rocket with a bright flame in space",
            ),
            fact(
                7,
                "Carrying its own air",
                "A flame needs oxygen, and space has none. So a rocket carries both its fuel and something to burn it with, often liquid oxygen at minus one hundred and eighty-three degrees. Together they make up about nine tenths of its weight.",
                "Interlocking gears and pipes of a great engine",
            ),
            fact(
                7,
                "Why it comes in stages",
                "An empty tank is dead weight. So rockets drop their lower parts when they are spent, and a smaller one goes on. Without stages, reaching orbit would be all but impossible with the fuels we have.",
                "A rocket rising above clouds with a glowing trail",
            ),
            fact(
                6,
                "Falling around the earth",
                "To stay in orbit you have to move sideways at almost eight kilometres a second. Then, while you fall, the round earth curves away beneath you. You keep falling and never arrive.",
                "A satellite orbiting planet earth",
            ),
            fact(
                5,
                "A common mistake",
                "In films, engines roar all the way. A real rocket burns for some minutes and then coasts in silence, for days or for years. Nothing in space slows it down.",
                "Deep space with stars and a distant planet with rings",
            ),
            fact(
                9,
                "What to remember",
                "Throw mass back, drop what is empty, go sideways fast. That is all a rocket does, and it took people centuries to get it right. The rest is courage and arithmetic.",
                "Night sky with stars above mountains and a lake",
            ),
        ],
    },
];
