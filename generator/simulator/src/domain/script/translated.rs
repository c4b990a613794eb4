//! Scripts in German, French and Spanish: an explanation's arc in the words of the prompt.

use super::{Scene, Script};
use crate::domain::language::Language;
use crate::domain::seed::Seed;
use crate::domain::words;

/// Heading, narration and image prompt of one telling, with `{thing}` as its place.
type Telling = (&'static str, &'static str, &'static str);

/// Writes a script in a language that has templates.
pub(super) fn compose(language: Language, subject: &str, count: usize, seed: Seed) -> Script {
    let tellings = match language {
        Language::German => GERMAN,
        Language::French => FRENCH,
        Language::Spanish | Language::English => SPANISH,
    };
    let subject = &super::question::without_command(subject);
    let (again, thing) = match language {
        Language::German => (
            "Sehen wir noch einmal hin.",
            without_question(subject, &["wie", "warum", "was", "weshalb"]),
        ),
        Language::French => (
            "Regardons encore une fois.",
            without_question(subject, &["comment", "pourquoi", "que", "quoi"]),
        ),
        Language::Spanish | Language::English => (
            "Miremos otra vez.",
            without_question(subject, &["cómo", "por", "qué", "cuándo"]),
        ),
    };
    let last = tellings.len() - 1;
    let middle = &tellings[1..last];
    let shift = seed.rng().below(2);
    let telling = |at: usize| -> (Telling, usize) {
        if at == 0 {
            (tellings[0], 0)
        } else if at + 1 == count {
            (tellings[last], 0)
        } else if count - 2 <= middle.len() {
            (
                middle[(at - 1 + shift).min(middle.len() - 1 - (count - 2 - at))],
                0,
            )
        } else {
            (middle[(at - 1) % middle.len()], (at - 1) / middle.len())
        }
    };
    let scenes = (0..count)
        .map(|at| {
            let ((heading, narration, image_prompt), round) = telling(at);
            let narration = narration.replace("{thing}", &thing);
            let narration = if round == 0 {
                narration
            } else {
                format!("{again} ({}.) {narration}", round + 1)
            };
            Scene {
                heading: heading.to_owned(),
                narration,
                image_prompt: image_prompt.replace("{thing}", &thing),
            }
        })
        .collect();
    Script {
        title: words::capitalised(subject),
        scenes,
    }
}

/// The subject as a quoted phrase: its question word and closing mark make no noun.
fn without_question(subject: &str, asking: &[&str]) -> String {
    let bare = subject.trim().trim_matches(['?', '!', '.', '¿', '¡', ' ']);
    let rest: Vec<&str> = bare
        .split_whitespace()
        .skip_while(|word| asking.contains(&word.to_lowercase().as_str()))
        .collect();
    let phrase = if rest.is_empty() {
        bare.to_owned()
    } else {
        rest.join(" ")
    };
    format!("„{phrase}“")
}

const GERMAN: &[Telling] = &[
    (
        "Die Frage",
        "Heute geht es um {thing}. Auf den ersten Blick scheint alles klar zu sein, und doch steckt mehr dahinter. Gehen wir der Sache Schritt für Schritt nach.",
        "A winding path through a wide landscape at sunrise, about {thing}",
    ),
    (
        "Worum es geht",
        "Zuerst die Frage, wovon wir eigentlich sprechen. Bei {thing} wirken mehrere Teile zusammen, und jeder hat seine Aufgabe. Erst gemeinsam ergeben sie ein Bild.",
        "Interlocking gears and parts, neatly arranged, about {thing}",
    ),
    (
        "Wie es beginnt",
        "Jeder Vorgang braucht einen Anstoß. Meist ist es ein Unterschied: Auf der einen Seite ist mehr als auf der anderen. Die Natur gleicht solche Unterschiede gern aus.",
        "Two sides of a landscape meeting at a river in morning light",
    ),
    (
        "Schritt für Schritt",
        "Nun läuft es wie bei einem Staffellauf. Ein Schritt gibt den nächsten weiter, und nichts geht verloren. So erklärt sich, was wir bei {thing} beobachten.",
        "Stepping stones across clear water, soft light",
    ),
    (
        "Ein Beispiel",
        "Nehmen wir ein Beispiel aus dem Alltag. Wer einmal darauf achtet, findet {thing} an überraschenden Orten. Man muss nur wissen, wonach man sucht.",
        "A lively city street in warm light",
    ),
    (
        "Ein Irrtum",
        "Ein verbreiteter Irrtum sucht nach der einen Ursache. Meist braucht es mehrere Bedingungen zugleich. Wer eine davon weglässt, erhält eine einfache, aber falsche Antwort.",
        "A fork in a forest path, one way bright and one way foggy",
    ),
    (
        "Was bleibt",
        "Halten wir fest, was bleibt. Ein Unterschied, eine Kette von Schritten und ein Gleichgewicht erklären sehr viel. Wer heute die Augen offen hält, wird {thing} mit anderen Augen sehen.",
        "Sunrise over mountains with a traveller at the summit",
    ),
];

const FRENCH: &[Telling] = &[
    (
        "La question",
        "Aujourd'hui, nous parlons de {thing}. À première vue tout semble clair, et pourtant il y a plus à découvrir. Avançons pas à pas.",
        "A winding path through a wide landscape at sunrise, about {thing}",
    ),
    (
        "De quoi il s'agit",
        "Commençons par dire de quoi nous parlons. Dans {thing}, plusieurs éléments agissent ensemble, et chacun a son rôle. C'est l'ensemble qui fait sens.",
        "Interlocking gears and parts, neatly arranged, about {thing}",
    ),
    (
        "Le point de départ",
        "Tout processus a besoin d'une impulsion. Le plus souvent, c'est une différence : il y a plus d'un côté que de l'autre. La nature aime combler ces écarts.",
        "Two sides of a landscape meeting at a river in morning light",
    ),
    (
        "Pas à pas",
        "Ensuite, tout se passe comme dans une course de relais. Une étape passe le témoin à la suivante, et rien ne se perd. Voilà ce que l'on observe dans {thing}.",
        "Stepping stones across clear water, soft light",
    ),
    (
        "Un exemple",
        "Prenons un exemple de la vie de tous les jours. Dès que l'on y prête attention, {thing} apparaît dans des endroits surprenants. Il suffit de savoir où regarder.",
        "A lively city street in warm light",
    ),
    (
        "Une erreur courante",
        "Une erreur courante est de chercher une cause unique. Le plus souvent, il faut plusieurs conditions à la fois. En oublier une donne une réponse simple, mais fausse.",
        "A fork in a forest path, one way bright and one way foggy",
    ),
    (
        "À retenir",
        "Que faut-il retenir ? Une différence, une suite d'étapes et un équilibre expliquent beaucoup de choses. Gardez les yeux ouverts, et vous verrez {thing} autrement.",
        "Sunrise over mountains with a traveller at the summit",
    ),
];

const SPANISH: &[Telling] = &[
    (
        "La pregunta",
        "Hoy hablamos de {thing}. A primera vista todo parece claro, pero hay mucho más por descubrir. Vamos paso a paso.",
        "A winding path through a wide landscape at sunrise, about {thing}",
    ),
    (
        "De qué se trata",
        "Primero, digamos de qué hablamos. En {thing} varias partes trabajan juntas, y cada una tiene su tarea. Solo el conjunto tiene sentido.",
        "Interlocking gears and parts, neatly arranged, about {thing}",
    ),
    (
        "El comienzo",
        "Todo proceso necesita un impulso. Casi siempre es una diferencia: hay más de un lado que del otro. La naturaleza tiende a igualarla.",
        "Two sides of a landscape meeting at a river in morning light",
    ),
    (
        "Paso a paso",
        "Después todo ocurre como en una carrera de relevos. Un paso entrega algo al siguiente, y nada se pierde. Así se explica lo que vemos en {thing}.",
        "Stepping stones across clear water, soft light",
    ),
    (
        "Un ejemplo",
        "Tomemos un ejemplo de la vida diaria. Cuando se presta atención, {thing} aparece en lugares que sorprenden. Solo hay que saber qué buscar.",
        "A lively city street in warm light",
    ),
    (
        "Un error común",
        "Un error común es buscar una sola causa. Casi siempre hacen falta varias condiciones a la vez. Quien olvida una obtiene una respuesta sencilla, pero falsa.",
        "A fork in a forest path, one way bright and one way foggy",
    ),
    (
        "Para recordar",
        "¿Qué debemos recordar? Una diferencia, una cadena de pasos y un equilibrio explican muchas cosas. Con los ojos abiertos, {thing} se ve de otra manera.",
        "Sunrise over mountains with a traveller at the summit",
    ),
];
