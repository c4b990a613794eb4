//! Weather, light and the water above us.

use super::super::{Topic, fact};

pub(super) const TOPICS: &[Topic] = &[
    Topic {
        names: &["rainbow"],
        hints: &["color", "colour", "rain", "light"],
        title: "How Rainbows Form",
        facts: &[
            fact(
                9,
                "A bridge nobody can reach",
                "Walk towards a rainbow, and it walks away from you. It is not a thing in the sky at all, but light arriving from exactly the right angle. Your rainbow and your neighbour's are never quite the same.",
                "A rainbow over green fields after rain, bright sky, a path leading towards it",
            ),
            fact(
                8,
                "White light is a mixture",
                "Sunlight looks white, but it holds all the colours at once. Each colour has its own wavelength, red the longest, violet the shortest of those we see. Something only has to sort them.",
                "A prism splitting a ray of light into a spectrum of colours",
            ),
            fact(
                8,
                "Inside a drop",
                "A raindrop does the sorting. Light bends as it enters, bounces off the back, and bends again as it leaves. Violet is bent a little more than red, so the colours come out side by side.",
                "A drop of dew on a leaf with light breaking in it, close-up",
            ),
            fact(
                7,
                "Forty-two degrees",
                "Most of the light leaves a drop at about forty-two degrees from the direction it came from. So every drop on one great circle around the shadow of your head sends you the same colour. The ground hides the lower part of that circle.",
                "A wide rainbow over a valley with sun behind the viewer and clouds",
            ),
            fact(
                5,
                "The second bow",
                "Sometimes a fainter bow hangs outside the first, with its colours the other way round. Its light has bounced twice inside the drops. Between the two bows the sky looks noticeably darker.",
                "Rainbow over a lake and mountains after a shower of rain",
            ),
            fact(
                5,
                "A common mistake",
                "People say that a rainbow has seven colours. There are no borders between them: the number seven was Isaac Newton's choice, who liked the parallel with the notes of a scale. The real bow blends without a seam.",
                "Sound waves of many colours glowing above a stage",
            ),
            fact(
                9,
                "What to remember",
                "You need three things: the sun behind you, rain in front of you, and a sun that stands low. Then millions of drops each send you one spark of colour. Next time it pours and shines at once, turn your back to the sun.",
                "Sunset over meadows with a rainbow and birds in the sky",
            ),
        ],
    },
    Topic {
        names: &["lightning", "thunder", "thunderstorm"],
        hints: &["storm", "strike", "cloud", "electricity"],
        title: "What Makes Lightning Strike",
        facts: &[
            fact(
                9,
                "A crack in the sky",
                "Somewhere on earth, lightning flashes about forty-five times every second. Each bolt heats the air to some thirty thousand degrees, several times hotter than the surface of the sun. It begins with nothing more than ice.",
                "Lightning striking from a dark storm cloud over a valley",
            ),
            fact(
                8,
                "Ice that rubs",
                "Inside a storm cloud, strong winds carry small ice crystals up while heavier pellets fall. When they collide, charge jumps from one to the other. The crystals take positive charge to the top, the pellets keep the negative below.",
                "Towering storm clouds over fields at dusk with rain",
            ),
            fact(
                8,
                "Looking for a way",
                "Air does not conduct, until the difference becomes too great. Then a faint channel feels its way down in steps of about fifty metres, branching as it goes. It carries no light worth seeing yet.",
                "Branching lightning over the sea at night with dark clouds",
            ),
            fact(
                7,
                "The bright part",
                "When the channel comes close to the ground, a spark rises to meet it, often from a tree or a mast. The circuit closes, and a huge current rushes through. The flash that we see runs from the ground up.",
                "Lightning strikes behind a tree on a hill in a thunderstorm",
            ),
            fact(
                6,
                "Why it thunders",
                "The air in the channel expands faster than sound, and that shock is the thunder. Light arrives at once, sound takes three seconds for a kilometre. Count the seconds, divide by three, and you know how far away it was.",
                "Sound waves of light spreading through the dark",
            ),
            fact(
                5,
                "A common mistake",
                "Lightning never strikes twice, people say. Tall towers are hit dozens of times a year, and that is why they carry rods. A rod does not prevent the strike, it offers a safe way down.",
                "City skyline at night with lightning above the towers",
            ),
            fact(
                9,
                "What to remember",
                "Rubbing ice separates charge, the charge finds a path, and the path glows. When thunder follows lightning by less than thirty seconds, go indoors. A car will do: its metal shell leads the current around you.",
                "Calm evening after a storm, clearing clouds over a lake and mountains",
            ),
        ],
    },
    Topic {
        names: &["water cycle", "rain", "cloud"],
        hints: &["water", "evaporation", "river", "weather"],
        title: "The Journey of Water",
        facts: &[
            fact(
                9,
                "Older than the dinosaurs",
                "The water in your glass has been rain, snow, river and sea countless times. None is added, hardly any is lost: the same water has been going round for billions of years. The engine of that journey is the sun.",
                "A river winding through green hills to the sea under a bright sun",
            ),
            fact(
                8,
                "Up into the air",
                "Sunlight warms the sea, and the fastest molecules escape into the air. Plants add more, breathing out water through their leaves. A single large tree can release hundreds of litres on a summer's day.",
                "Sun over the sea with clouds forming above the water",
            ),
            fact(
                8,
                "How a cloud is born",
                "Moist air rises, expands and cools. Around tiny specks of dust or salt the vapour turns into droplets, so small that a million of them make one raindrop. A cloud is not vapour, it is water hanging in the air.",
                "Great white clouds over mountains and a lake in the morning",
            ),
            fact(
                7,
                "Why it falls",
                "Droplets collide and grow, or freeze and gather more ice. Once they are too heavy for the rising air, they fall. Most rain, even in summer, begins its fall as snow.",
                "Rain falling on green fields and a tree from grey clouds",
            ),
            fact(
                6,
                "The way back",
                "On the ground the water chooses its path. Some runs off into streams within hours, some sinks into the rock and stays for thousands of years. All of it is on the way to the sea again.",
                "Cross-section of soil and rock layers with roots of a tree underground",
            ),
            fact(
                5,
                "A common mistake",
                "It is tempting to think that rivers hold most of the fresh water. In truth more than two thirds is locked in ice, and most of the rest is under our feet. Rivers carry only a tiny fraction of one per cent.",
                "A glacier between snowy mountains with a lake in front",
            ),
            fact(
                9,
                "What to remember",
                "Sun lifts it, cold gathers it, weight brings it down. Whatever we put into water travels with it, and sooner or later it returns. There is only one water, and all of us share it.",
                "Sunrise over a calm lake with mist and forest",
            ),
        ],
    },
    Topic {
        names: &["sky blue", "blue sky", "sky", "sunset"],
        hints: &["blue", "red", "light", "air"],
        title: "Why the Sky Is Blue",
        facts: &[
            fact(
                9,
                "The oldest question",
                "Every child asks it sooner or later: why is the sky blue? Space above it is black, the air itself is clear, and the sun is white. The blue appears only when the three of them meet.",
                "A child on a hill looking up at a bright blue sky with clouds",
            ),
            fact(
                8,
                "Light is a crowd",
                "Sunlight is a crowd of colours travelling together. Red light has long waves, blue light has short ones. To us, the crowd as a whole looks white.",
                "A prism splitting white light into a spectrum",
            ),
            fact(
                9,
                "The air takes sides",
                "Air molecules are far smaller than a wave of light, and such small things scatter short waves much more strongly than long ones. Blue is thrown in all directions many times more than red. It reaches your eyes from every part of the sky.",
                "Microscopic molecules of air with light passing between them",
            ),
            fact(
                6,
                "Why not violet",
                "Violet waves are even shorter, so the sky should be violet. But the sun sends less violet, the upper air swallows some, and our eyes are less sensitive to it. What remains looks blue.",
                "Glowing waves of blue and violet light in the dark",
            ),
            fact(
                7,
                "Why sunsets are red",
                "In the evening, sunlight takes a longer way through the air. By the time it arrives, most of the blue has been scattered out of it. What is left for us is yellow, orange and red.",
                "Glowing red sunset over the sea with a sailing boat",
            ),
            fact(
                5,
                "A common mistake",
                "Many believe that the sky is blue because it mirrors the sea. It is nearly the other way round: the sea looks bluest under a blue sky. Deserts far from any coast have the bluest skies of all.",
                "A desert of golden dunes under a deep blue sky",
            ),
            fact(
                9,
                "What to remember",
                "The sky is blue because air scatters blue. On Mars, where fine dust does the work, the day is butterscotch and the sunset is blue. A sky shows what its world is made of.",
                "Planet with a thin glowing atmosphere seen from space",
            ),
        ],
    },
    Topic {
        names: &["season", "summer and winter"],
        hints: &["winter", "summer", "spring", "autumn", "tilt"],
        title: "Why We Have Seasons",
        facts: &[
            fact(
                9,
                "A planet that leans",
                "In January the earth is five million kilometres closer to the sun than in July. And yet the north shivers. So distance cannot be the reason: something else rules the year.",
                "Planet earth and the sun in space, glowing orbit",
            ),
            fact(
                9,
                "Twenty-three degrees",
                "The earth's axis leans by about twenty-three and a half degrees, and it points the same way all year. On one side of the orbit the north leans towards the sun, on the other side away. That lean makes the seasons.",
                "Planet earth tilted in space with sunlight from one side",
            ),
            fact(
                7,
                "Steep light, flat light",
                "In summer the sun stands high, and its light falls steeply on a small patch. In winter the same light is spread over a larger one. Each square metre then receives much less warmth.",
                "Bright summer fields with a tree and a high sun",
            ),
            fact(
                7,
                "Long days, short days",
                "The lean changes the length of the day as well. North of the polar circle the sun does not set in midsummer, and in midwinter it does not rise. More hours of light mean more time to warm the ground.",
                "Snowy winter forest at dusk with long shadows",
            ),
            fact(
                5,
                "Why the coldest day comes late",
                "The longest night is in December, but the coldest weeks come in January. Land and sea store warmth and give it back slowly. The year lags behind the sun, as a kettle lags behind the flame.",
                "A cosy house in winter with snow and warm windows at night",
            ),
            fact(
                5,
                "A common mistake",
                "Ask people on the street, and many will say that summer comes when we are nearest to the sun. If that were so, the whole world would have summer at once. In Sydney, Christmas is a day at the beach.",
                "Beach with waves and a bright sun at noon",
            ),
            fact(
                9,
                "What to remember",
                "Not the distance but the lean decides. Twice a year day and night are equal everywhere, and twice they are most unequal. All the colours of the year come from a tilted axis.",
                "Autumn trees in orange light on hills at sunset",
            ),
        ],
    },
    Topic {
        names: &["earthquake", "plate tectonics", "tectonic plate", "tsunami"],
        hints: &["fault", "quake", "seismic", "continent"],
        title: "Why the Earth Shakes",
        facts: &[
            fact(
                9,
                "Seconds that change a city",
                "The ground seems to be the one thing that we can rely on. Then it moves, for ten or twenty seconds, and nothing is where it was. The energy for those seconds has been gathering for centuries.",
                "A city skyline at dusk with mountains behind",
            ),
            fact(
                8,
                "A broken shell",
                "The earth's outer shell is broken into about a dozen large plates. They ride on the hot rock below and move a few centimetres a year. That is the speed at which fingernails grow.",
                "Cutaway globe of planet earth showing its layers",
            ),
            fact(
                8,
                "Stuck edges",
                "Where plates meet they do not slide smoothly. Friction locks them, while the rock behind them keeps moving and bends like a bow. When the lock gives way, the rock snaps back, and that snap is the earthquake.",
                "Layered rock underground with a fault line, cross-section",
            ),
            fact(
                6,
                "Two kinds of waves",
                "The snap sends out waves. The fast ones push and pull, and mostly just rattle the windows. The slower ones shake from side to side and do the damage, and the gap between the two tells how far away it happened.",
                "Glowing waves spreading out in the dark",
            ),
            fact(
                5,
                "Measuring it",
                "Each step on the magnitude scale means about thirty-two times more energy. A seven is not a little stronger than a six, it is a different class of event. The largest ever recorded, in Chile in 1960, reached nine point five.",
                "A rising chart of bars on a calm background",
            ),
            fact(
                5,
                "A common mistake",
                "Animals, clouds and the moon have all been tried as prophets. Nobody can say that a quake will strike here at noon. What science can give are odds for the coming decades, and a few seconds of warning once it has begun.",
                "An observatory on a hill under a starry sky",
            ),
            fact(
                9,
                "What to remember",
                "Earthquakes are the price of a living planet. We cannot stop them, but we can build so that houses sway and do not fall. It is rarely the shaking that kills, it is what we have built.",
                "Morning over an old town with mountains and birds",
            ),
        ],
    },
];
