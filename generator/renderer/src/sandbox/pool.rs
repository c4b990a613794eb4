//! Things that one run at a time may have: a user id, a place to write.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A handful of things, each lent to one run at a time.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    free: Mutex<Vec<T>>,
    permits: Arc<Semaphore>,
    /// How many there are, lent or not.
    count: AtomicUsize,
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
            count: AtomicUsize::new(things.len()),
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
        let others = self.pool.count.fetch_sub(1, Ordering::AcqRel) > 1;
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[tokio::test]
    async fn what_is_given_up_is_not_lent_again_and_the_last_one_ends_it() {
        let pool = Pool::new(vec!['a', 'b']);
        let first = pool.lend().await.unwrap();
        let second = pool.lend().await.unwrap();
        let kept = *second.get().unwrap();
        assert!(first.give_up(), "another is lent");
        drop(second);
        let again = pool.lend().await.unwrap();
        assert_eq!(again.get(), Some(&kept));
        assert!(!again.give_up(), "it was the last");
        assert!(pool.lend().await.is_none());
    }
}
