//! Who owns the data folder: one live process at a time, which says where its services listen.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The file in the data folder that the owner keeps locked.
const FILE_NAME: &str = "reelmeter.lock";
/// Two addresses and a process id; anything longer was not written by us.
const CONTENT_BYTES_MAX: u64 = 4096;

/// Where a live process' services are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The meter's.
    pub meter: String,
    /// The generator's.
    pub generator: String,
}

/// Who has the folder.
#[derive(Debug)]
pub enum Claim {
    /// This process. The lock is held as long as the value lives.
    Ours(Owner),
    /// Another live process, which listens there.
    Theirs(Addresses),
}

/// This process' hold on the folder.
#[derive(Debug)]
pub struct Owner {
    file: File,
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// It cannot be created or written.
    #[error("cannot use the data folder {}: {source}; check that it may be written, or start in another folder", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it and has not said yet where it listens.
    #[error("the data folder {} belongs to a reelmeter that is just starting; try again in a moment", folder.display())]
    Starting {
        /// The folder.
        folder: PathBuf,
    },
}

/// Takes the folder, or says who has it.
///
/// # Errors
/// [`ClaimError`].
pub fn claim(folder: &Path) -> Result<Claim, ClaimError> {
    let broken = |source| ClaimError::Folder {
        folder: folder.to_owned(),
        source,
    };
    fs::create_dir_all(folder).map_err(broken)?;
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(folder.join(FILE_NAME))
        .map_err(broken)?;
    match file.try_lock() {
        Ok(()) => {
            // What a process that has died left behind is no address of ours.
            file.set_len(0).map_err(broken)?;
            Ok(Claim::Ours(Owner { file }))
        }
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            (&mut file)
                .take(CONTENT_BYTES_MAX)
                .read_to_string(&mut text)
                .map_err(broken)?;
            let mut lines = text.lines();
            match (lines.next(), lines.next()) {
                (Some(meter), Some(generator)) => Ok(Claim::Theirs(Addresses {
                    meter: meter.to_owned(),
                    generator: generator.to_owned(),
                })),
                _ => Err(ClaimError::Starting {
                    folder: folder.to_owned(),
                }),
            }
        }
        Err(TryLockError::Error(source)) => Err(broken(source)),
    }
}

impl Owner {
    /// Says where the services listen, for the next process that wants the folder.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn publish(&mut self, addresses: &Addresses) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file
            .write_all(format!("{}\n{}\n", addresses.meter, addresses.generator).as_bytes())?;
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use super::*;

    #[test]
    fn the_second_to_claim_a_folder_learns_where_the_first_listens() {
        let folder = tempfile::tempdir().unwrap();
        let Claim::Ours(mut owner) = claim(folder.path()).unwrap() else {
            panic!("a new folder is free");
        };
        assert!(matches!(
            claim(folder.path()),
            Err(ClaimError::Starting { .. })
        ));
        let addresses = Addresses {
            meter: "http://127.0.0.1:1".to_owned(),
            generator: "http://127.0.0.1:2".to_owned(),
        };
        owner.publish(&addresses).unwrap();
        match claim(folder.path()).unwrap() {
            Claim::Theirs(theirs) => assert_eq!(theirs, addresses),
            Claim::Ours(_) => panic!("the folder is taken"),
        }
        drop(owner);
        assert!(matches!(claim(folder.path()).unwrap(), Claim::Ours(_)));
    }
}
