//! Things that one run at a time may have: a user id, a place to write.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A handful of things, each lent to one run at a time.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    free: Mutex<Vec<T>>,
    permits: Arc<Semaphore>,
}

/// A thing that is lent. Dropped, it goes back.
#[derive(Debug)]
pub(crate) struct Lent<T> {
    thing: Option<T>,
    pool: Arc<Pool<T>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl<T> Pool<T> {
    pub(crate) fn new(things: Vec<T>) -> Arc<Self> {
        Arc::new(Self {
            permits: Arc::new(Semaphore::new(things.len())),
            free: Mutex::new(things),
        })
    }

    /// Waits for one; `None` when all were given up.
    pub(crate) async fn lend(self: &Arc<Self>) -> Option<Lent<T>> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
        let thing = self
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()?;
        Some(Lent {
            thing: Some(thing),
            pool: Arc::clone(self),
            permit: Some(permit),
        })
    }
}

impl<T> Lent<T> {
    /// The thing.
    pub(crate) fn get(&self) -> Option<&T> {
        self.thing.as_ref()
    }

    /// Gives it up for good, as nobody can use it any more; gives whether others are left.
    pub(crate) fn give_up(mut self) -> bool {
        self.thing = None;
        if let Some(permit) = self.permit.take() {
            permit.forget();
        }
        let others = self.pool.permits.available_permits() > 0;
        if !others {
            self.pool.permits.close();
        }
        others
    }
}

impl<T> Drop for Lent<T> {
    fn drop(&mut self) {
        if let Some(thing) = self.thing.take() {
            let mut free = self
                .pool
                .free
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            free.push(thing);
        }
    }
}
