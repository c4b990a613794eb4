//! A section of an animated video: what its code's author is asked, what is made of the answer, and what comes next.
//!
//! A model writes code, the code is checked and rendered, another model looks at the picture. [`Section`] is the record
//! of all that was bought for one section, and [`Section::next`] says what is to be done about it: a resumed video goes on
//! exactly where it stood, since nothing but the record decides.

mod code;
mod look;
mod prompt;
mod section;

pub use code::{NoCode, code_in};
pub use look::{LOOKS_PER_VERSION, Seen, look_question, read_verdict, verdict};
pub use prompt::{
    Request, SCENE_CLASS, Task, code_request, correction_request, fix_request, last_request,
};
pub use section::{
    CODE_CALLS_MAX, CORRECTIONS_MAX, CodeKind, Footage, LOOKS_MAX, Section, Step, Trouble,
    VISUAL_FIXES_MAX, Version,
};
