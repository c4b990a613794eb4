//! The real program on a real terminal, looked at as a person would.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

use super::DEADLINE;

/// A program on a terminal.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    closed: bool,
}

impl Terminal {
    /// Starts the program on a terminal of that size.
    pub fn start(
        program: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
        columns: u16,
        rows: u16,
    ) -> Self {
        let pair = native_pty_system()
            .openpty(PtySize {
                rows,
                cols: columns,
                ..Default::default()
            })
            .unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        // The settings file of a developer must not reach the test.
        command.cwd(std::env::temp_dir());
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("TZ", "UTC");
        command.env("LLVM_PROFILE_FILE", "/dev/null");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        let parser = vt100::Parser::new(rows.max(1), columns.max(1), 500);
        let seen = Arc::new(Mutex::new(Seen {
            parser,
            bytes: Vec::new(),
            closed: false,
        }));
        let sink = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                let read = output.read(&mut buffer);
                let mut seen = sink.lock().unwrap();
                match read {
                    Ok(count) if count > 0 => {
                        seen.parser.process(&buffer[..count]);
                        seen.bytes.extend_from_slice(&buffer[..count]);
                    }
                    _ => {
                        seen.closed = true;
                        return;
                    }
                }
            }
        });
        Self {
            child,
            master: pair.master,
            keyboard,
            seen,
        }
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Gives the terminal another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.seen
            .lock()
            .unwrap()
            .parser
            .screen_mut()
            .set_size(rows, columns);
        self.master
            .resize(PtySize {
                rows,
                cols: columns,
                ..Default::default()
            })
            .unwrap();
    }

    /// What the screen shows now.
    pub fn screen(&self) -> String {
        self.seen.lock().unwrap().parser.screen().contents()
    }

    /// The style of the cell at that row and column.
    pub fn cell(&self, row: u16, column: u16) -> vt100::Cell {
        self.seen
            .lock()
            .unwrap()
            .parser
            .screen()
            .cell(row, column)
            .unwrap()
            .clone()
    }

    /// Everything that was written, as it was.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().bytes.clone()
    }

    /// Whether the alternate screen is on, and whether the cursor is hidden.
    pub fn is_a_screen(&self) -> (bool, bool) {
        let seen = self.seen.lock().unwrap();
        let screen = seen.parser.screen();
        (screen.alternate_screen(), screen.hide_cursor())
    }

    /// Whether keys are echoed and lines are edited, as a shell needs it.
    pub fn is_usable(&self) -> bool {
        let flags = format!("{:?}", self.master.get_termios().unwrap().local_flags);
        flags.contains("ICANON") && flags.contains("ECHO")
    }

    /// Waits until the screen shows the text.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("{text:?} on the screen"), |screen| {
            screen.contains(text)
        })
    }

    /// Waits until the condition holds of the screen.
    pub fn wait_until(&self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let screen = self.screen();
            if condition(&screen) {
                return screen;
            }
            assert!(
                Instant::now() < deadline,
                "{what} did not come within {DEADLINE:?}; the screen:\n{screen}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap().to_string();
        let status = std::process::Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for the program's end and for the last of what it wrote.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // A terminal whose last user is gone reads as closed.
                while !self.seen.lock().unwrap().closed && Instant::now() < deadline {
                    std::thread::sleep(Duration::from_millis(10));
                }
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "the program did not end; the screen:\n{}",
                self.screen()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
    }
}
