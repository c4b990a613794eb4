//! The ground we stand on, the sea and the sky.

use super::super::{Topic, fact};

pub(super) const TOPICS: &[Topic] = &[
    Topic {
        names: &["volcano", "volcanic eruption", "lava", "magma"],
        hints: &["erupt", "eruption", "mountain"],
        title: "Why Volcanoes Erupt",
        facts: &[
            fact(
                9,
                "A mountain that breathes",
                "A mountain can sleep for five hundred years and then, within hours, throw rock twenty kilometres into the sky. What wakes it is not anger and not accident. It is pressure, and it has been building up the whole time.",
                "A majestic volcano at dawn with a thin plume of smoke above its summit, calm lake in front",
            ),
            fact(
                8,
                "Melting rock",
                "Deep below our feet the rock of the mantle is hot enough to melt, but the weight above keeps it solid. Where plates pull apart the weight drops, and where one plate sinks under another, water seeps in and lowers the melting point. Either way, rock turns into magma.",
                "Cross-section of the earth's crust with a glowing magma chamber under a volcano, layered rock",
            ),
            fact(
                6,
                "The slow rise",
                "Magma is lighter than the solid rock around it, so it rises, like a bubble in honey. A few kilometres down it often stops and gathers in a chamber. There it may wait for centuries, cooling at the edges and filling from below.",
                "Glowing magma rising through cracks in dark layered rock underground, cross-section",
            ),
            fact(
                9,
                "Gas is the engine",
                "The force of an eruption comes from gas. Water vapour and carbon dioxide are dissolved in the magma, held there by pressure, as in a closed bottle of soda. When the magma rises the pressure falls, bubbles form, and the foam drives everything upwards.",
                "Erupting volcano at night with fountains of glowing lava and sparks, dark sky with stars",
            ),
            fact(
                7,
                "Gentle or violent",
                "Whether a volcano flows or explodes depends on how sticky its magma is. Runny magma, as in Hawaii, lets the gas escape and pours out as rivers of lava. Sticky magma, rich in silica, holds its gas until it shatters into ash.",
                "River of glowing lava flowing from a volcano into the sea with steam at sunset",
            ),
            fact(
                5,
                "A day in history",
                "In the year 79 Mount Vesuvius buried the Roman town of Pompeii under metres of ash and hot stone. A young man named Pliny watched from across the bay and wrote down what he saw. Volcanologists still call such towering eruptions Plinian.",
                "Ash cloud towering over a volcano and an ancient town by a bay, dramatic orange light",
            ),
            fact(
                5,
                "A common mistake",
                "Many people imagine that the earth beneath its crust is a sea of lava. It is not: the mantle is solid rock that creeps about as fast as fingernails grow. Magma exists only in special places, which is why volcanoes stand in chains and not everywhere.",
                "Cutaway globe of planet earth showing core and mantle layers in space",
            ),
            fact(
                9,
                "What to remember",
                "So volcanoes erupt because hot rock melts, rises and lets go of its gas. The same eruptions that destroy also build islands and leave soil on which forests thrive. Listen to the small quakes and the changing gases, and a volcano tells us when it is about to speak.",
                "Green forest and fields growing on the slopes of a quiet volcano under a bright sky with sun",
            ),
        ],
    },
    Topic {
        names: &["tide", "ebb", "high water"],
        hints: &["moon", "sea", "ocean", "beach"],
        title: "How the Tides Work",
        facts: &[
            fact(
                9,
                "The sea that goes away",
                "Stand on the right beach, and within six hours the sea walks away and comes back. In the Bay of Fundy in Canada the water climbs as high as a five-storey house. Nothing on earth is pulling it: the cause hangs in the sky.",
                "Wide beach at low tide with boats lying on the sand, moon above the sea",
            ),
            fact(
                9,
                "A pull that fades",
                "The moon pulls on everything, and it pulls harder on what is nearer. The ocean facing the moon is drawn more strongly than the solid earth, and the earth more strongly than the far ocean. It is this difference, not the pull itself, that makes the tides.",
                "Planet earth and the moon in space with an ocean bulge towards the moon, stars",
            ),
            fact(
                8,
                "Two bulges",
                "The difference stretches the ocean into two bulges: one towards the moon, one on the opposite side. The earth turns beneath them once a day. So most coasts meet high water twice, about twelve hours and twenty-five minutes apart.",
                "Planet earth in space with a blue water bulge on both sides and the moon beside it",
            ),
            fact(
                7,
                "The sun joins in",
                "The sun raises tides too, a little less than half as strong as the moon's. At new and full moon both pull along one line, and we get the large spring tides. At half moon they pull at right angles, and the neap tides are small.",
                "Sun, moon and planet earth in one line in space, glowing orbits",
            ),
            fact(
                5,
                "The coast decides",
                "Out on the open ocean the tide is barely half a metre high. Shallow shelves and narrowing bays squeeze it upwards, and some bays are just long enough for the water to swing along, like a child on a swing. That is why two harbours on one coast can differ by metres.",
                "Narrow bay between cliffs with high waves of the sea rolling in and a lighthouse",
            ),
            fact(
                4,
                "Life by the clock",
                "Crabs, birds and fishermen live by this clock. In the tidal zone an animal must survive both drowning and drying out on the same day. People use the same motion to turn turbines, the only power station that runs on the moon.",
                "Tidal flats at sunset with birds, a small fishing boat and shallow sea pools",
            ),
            fact(
                5,
                "A common mistake",
                "It is often said that the moon lifts the water straight up. Its pull is ten million times weaker than the earth's, far too weak to lift anything. What counts is the sideways tug over thousands of kilometres, which makes water flow together.",
                "Full moon reflected in a calm night sea with long gentle waves",
            ),
            fact(
                9,
                "What to remember",
                "Tides are the moon and the sun stretching the sea, while the earth turns underneath. The friction slows our planet down: the day grows longer by about two milliseconds in a century. Every wave that leaves the beach takes a tiny bit of the day with it.",
                "Sunrise over the sea with waves on a beach and a fading moon in the sky",
            ),
        ],
    },
];
