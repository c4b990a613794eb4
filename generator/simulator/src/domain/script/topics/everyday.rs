//! Things of every day.

use super::super::{Topic, fact};

pub(super) const TOPICS: &[Topic] = &[
    Topic {
        names: &["coffee", "caffeine", "espresso"],
        hints: &["cup", "bean", "awake", "roast"],
        title: "From Cherry to Cup: Coffee",
        facts: &[
            fact(
                9,
                "Two billion cups",
                "Every day people drink about two billion cups of it. It begins as a red cherry on a mountain slope near the equator. What we call a bean is the seed inside.",
                "A cup of coffee on a table before a window in the morning",
            ),
            fact(
                7,
                "On the mountain",
                "Coffee likes it warm, but not hot. The finest grows high up, where nights are cool and the cherries ripen slowly. Much of it is still picked by hand.",
                "Green mountain slopes with fields and morning mist",
            ),
            fact(
                8,
                "Fire makes the flavour",
                "A raw bean is green and smells of grass. In the roaster it reaches about two hundred degrees, sugars brown, and hundreds of scents arise. After ten to fifteen minutes it cracks, like popcorn.",
                "Roasted coffee beans around a steaming cup of coffee",
            ),
            fact(
                7,
                "Water does the rest",
                "Brewing means dissolving, and time decides. First the acids come out, then the sweet, last the bitter. Grind too fine or wait too long, and the bitter wins.",
                "A kitchen with steaming coffee and warm light",
            ),
            fact(
                9,
                "Why it wakes us",
                "While we are awake, a substance called adenosine gathers in the brain and makes us tired. Caffeine fits into the same locks, without turning them. So the tiredness is still there: we just do not feel it.",
                "Human brain with glowing points",
            ),
            fact(
                5,
                "A common mistake",
                "A dark roast is not stronger in caffeine than a light one. And an espresso has less than a large filter coffee, since it is so small. Strong in taste and strong in effect are two things.",
                "Two scales in balance with small weights",
            ),
            fact(
                9,
                "What to remember",
                "A cherry, a fire, hot water: three steps to a cup. Half of its caffeine is still in your blood five or six hours later. So enjoy the last one after lunch, and sleep well.",
                "An evening window with a cup of coffee and sunset hills",
            ),
        ],
    },
    Topic {
        names: &["bread", "yeast", "dough", "sourdough"],
        hints: &["bake", "rise", "flour"],
        title: "Why Bread Rises",
        facts: &[
            fact(
                9,
                "Air that you can eat",
                "More than half of a good loaf is air. Yet nobody blows it in. It is the breath of living beings, billions of them.",
                "A farm with golden wheat fields in the morning sun",
            ),
            fact(
                8,
                "Flour and water",
                "When flour meets water, two proteins link up into long threads. That is gluten. Kneading lays the threads side by side, until the dough becomes a net that stretches without tearing.",
                "A network of glowing connected threads",
            ),
            fact(
                9,
                "The guests",
                "Yeast is a fungus of a single cell. It eats the sugar in the flour and gives off alcohol and carbon dioxide. The gas is caught in the net, and the dough grows.",
                "Round yeast cells under the microscope with bubbles",
            ),
            fact(
                7,
                "Sour and wild",
                "Sourdough needs no yeast from the shop. Wild yeasts and bacteria that live on the grain do the work, and the acids keep the bread fresh for longer. Some bakers keep theirs alive for a hundred years.",
                "A kitchen with a window and morning light",
            ),
            fact(
                7,
                "In the oven",
                "Heat makes the gas expand one last time. Then starch and protein set, the alcohol escapes, and the crust browns. The scent that follows has drawn people to bakeries for thousands of years.",
                "A house in a village with smoke from its chimney in the morning",
            ),
            fact(
                5,
                "A common mistake",
                "Fresh bread does not go stale because it dries out. The starch slowly crystallises and locks the water in. That is why a short time in the oven makes it soft again.",
                "Crystal breaking light into colours",
            ),
            fact(
                9,
                "What to remember",
                "A net of protein, a crowd of tiny cooks and a hot oven. That is bread, and the idea is older than writing. Give it time: time is the ingredient that most recipes forget.",
                "An evening landscape with wheat fields and a tree",
            ),
        ],
    },
    Topic {
        names: &["inflation", "money", "currency", "interest rate"],
        hints: &["price", "bank", "economy", "cost"],
        title: "Where Money Gets Its Value",
        facts: &[
            fact(
                9,
                "Paper with power",
                "A banknote costs some cents to print and buys a dinner. Nothing stands behind it that you could hold in your hand. It works because all of us expect it to work tomorrow.",
                "Stacks of golden coins on a table before a window",
            ),
            fact(
                8,
                "Three jobs",
                "Money does three things: it pays, it measures and it stores. Shells, salt and silver have done so before. What counts is that it is scarce, lasting and hard to fake.",
                "A balance scale with golden weights",
            ),
            fact(
                8,
                "How banks make money",
                "Most of today's money was never printed. It arises when a bank grants a loan and writes the sum into an account, and it vanishes when the loan is paid back. Central banks steer how dear that is.",
                "A network of connected glowing points above a city",
            ),
            fact(
                9,
                "When prices climb",
                "If more money chases the same goods, prices rise. They also rise when goods become scarce, as after a poor harvest, or when everyone expects them to. That is inflation, and expectation is a good part of it.",
                "A rising chart of bars over a calm landscape",
            ),
            fact(
                6,
                "A lesson from 1923",
                "In Germany in the autumn of 1923 a loaf of bread cost hundreds of billions of marks. People were paid twice a day and ran to the shops. Savings of a lifetime became worthless within months.",
                "An old town street in the evening",
            ),
            fact(
                5,
                "A common mistake",
                "Falling prices sound like good news. But if everything will be cheaper next year, people wait, shops sell less and jobs are lost. That is why central banks aim for a little inflation, mostly about two per cent.",
                "Two paths in a forest, one bright and one foggy",
            ),
            fact(
                9,
                "What to remember",
                "Money is trust with a number on it. It keeps its value where there is as much of it as there are things to buy, and where people believe that this will stay so. Trust is the true gold reserve.",
                "Sunrise over a city with bridge and river",
            ),
        ],
    },
    Topic {
        names: &["music", "sound", "guitar", "song"],
        hints: &["hear", "note", "instrument", "tone"],
        title: "What Makes Sound Become Music",
        facts: &[
            fact(
                9,
                "Air in motion",
                "Music is nothing but air, pressed together and let go. And yet it makes us dance, weep and remember. Somewhere between the ear and the mind, pressure becomes meaning.",
                "Glowing sound waves of many colours over a stage",
            ),
            fact(
                8,
                "High and low",
                "A tone is a vibration that repeats. Four hundred and forty times a second is the A that orchestras tune to. Twice as fast, and we hear the same note again, an octave higher.",
                "Glowing waves in a steady rhythm",
            ),
            fact(
                8,
                "Why instruments differ",
                "A violin and a flute can play the same note, and nobody mixes them up. Above the ground tone each has its own pattern of overtones. That pattern is what we call timbre.",
                "Glowing sound waves with many overtones in the dark",
            ),
            fact(
                7,
                "Why some notes agree",
                "Two notes sound well together when their vibrations meet often. In a fifth, three beats of one fall on two of the other. Pythagoras is said to have found such ratios on a string.",
                "An ancient temple on a hill at sunset",
            ),
            fact(
                6,
                "Inside the ear",
                "In the inner ear a small membrane sorts sound by pitch, like a piano played backwards. Some fifteen thousand hair cells turn the motion into nerve signals. They do not grow again, so keep the volume down.",
                "Cells under the microscope with glowing threads",
            ),
            fact(
                5,
                "A common mistake",
                "In space films, battles roar. In reality there is no sound without air or something else to carry it. The loudest explosion in space is silent.",
                "A supernova in deep space with glowing gas",
            ),
            fact(
                9,
                "What to remember",
                "Vibration, ratio, memory: out of these three we make songs. No culture has ever been found without them. Sing something today, it is the oldest instrument we have.",
                "People on a hill at sunset with birds in the sky",
            ),
        ],
    },
    Topic {
        names: &["refrigerator", "fridge", "freezer"],
        hints: &["cold", "cool", "food"],
        title: "How a Fridge Makes Cold",
        facts: &[
            fact(
                9,
                "Cold does not exist",
                "A fridge does not make cold. There is no such thing: there is only heat, more of it or less. A fridge is a pump that carries heat out of a box.",
                "A kitchen with a window and a cup of tea",
            ),
            fact(
                8,
                "The trick with the drop",
                "Put a drop of alcohol on your hand, and it feels cold. To evaporate, a liquid needs heat, and it takes it from its surroundings. A fridge uses just that, again and again.",
                "A drop of water on a leaf, close-up",
            ),
            fact(
                9,
                "Round and round",
                "A special liquid evaporates in pipes inside and soaks up heat. A compressor squeezes the vapour, which makes it hot. In the pipes at the back it gives the heat to the room and becomes liquid again.",
                "Interlocking gears and pipes of a machine with a pump",
            ),
            fact(
                7,
                "Before there was power",
                "For thousands of years people stored winter ice in cellars. In the nineteenth century ships carried it from frozen lakes to the tropics. The electric fridge ended that trade within a generation.",
                "A frozen lake in winter with snow and forest",
            ),
            fact(
                6,
                "What cold does to food",
                "Cold does not kill germs, it slows them down. At four degrees most of them hardly multiply. Below minus eighteen they stop, and food keeps for months.",
                "Bacteria under the microscope",
            ),
            fact(
                5,
                "A common mistake",
                "Leaving the fridge open does not cool the kitchen. The heat it takes inside comes out at the back, and the motor adds some more. In the end the room gets warmer.",
                "A house in summer with bright sun",
            ),
            fact(
                9,
                "What to remember",
                "Evaporate, squeeze, cool down, repeat. The same loop, turned around, heats houses, and then we call it a heat pump. Your kitchen has owned one all along.",
                "A house with a heat pump beside it, fields and trees",
            ),
        ],
    },
    Topic {
        names: &["chocolate", "cocoa"],
        hints: &["sweet", "bean", "taste"],
        title: "The Long Way of Chocolate",
        facts: &[
            fact(
                9,
                "Food of the gods",
                "The cocoa tree's scientific name means food of the gods. Its beans taste bitter, and the first people who used them drank them with chilli. Sweet chocolate is a late idea.",
                "Tropical forest with trees and bright morning light",
            ),
            fact(
                8,
                "A fruit on the trunk",
                "Cocoa pods grow straight from the trunk, as large as a rugby ball. Inside lie some forty beans in white pulp. Most of them come from small farms in West Africa.",
                "A tree on a farm with fields in the morning",
            ),
            fact(
                8,
                "First they ferment",
                "The beans are heaped up and left for some days. Yeasts and bacteria eat the pulp, it grows warm, and the forerunners of the flavour appear. Without this step there is no chocolate taste.",
                "Yeast and bacteria under the microscope",
            ),
            fact(
                7,
                "Roast, grind, stir",
                "After roasting, the beans are ground until they melt into a paste. Sugar and cocoa butter are added, and the mass is stirred for hours or days. That rubs off the sharp edges, in taste and in grain.",
                "Great gears and wheels of a factory machine",
            ),
            fact(
                8,
                "The right crystals",
                "Cocoa butter can set in six forms, and only one of them shines, snaps and melts on the tongue. Careful cooling brings it out. Let chocolate melt and set by itself, and it turns dull and crumbly.",
                "Crystal breaking light into colours",
            ),
            fact(
                5,
                "A common mistake",
                "The white film on old chocolate is not mould. Fat or sugar has come to the surface. It looks sad, and it is perfectly safe to eat.",
                "A cup of hot chocolate on a table before a window",
            ),
            fact(
                9,
                "What to remember",
                "A bitter seed, some bacteria, fire, patience and the right crystals. That is what breaks between your fingers. Take a piece, let it melt, and count how long the taste stays.",
                "Evening landscape with a house and warm light",
            ),
        ],
    },
];
