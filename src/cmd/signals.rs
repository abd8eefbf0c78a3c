//! Interruptions while an index is built, so that it ends tidily.
//!
//! Outside of that a signal ends the program at once, as usual: there is
//! nothing to clean up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// Signals are noted instead of ending the program until the last clone is
/// dropped; a second one ends it all the same.
#[derive(Clone)]
pub struct Signals(Arc<Caught>);

struct Caught {
    number: Arc<AtomicUsize>,
    registered: Vec<SigId>,
}

impl Signals {
    /// Begins to note signals.
    pub fn catch() -> Self {
        let number = Arc::new(AtomicUsize::new(0));
        let again = Arc::new(AtomicBool::new(false));
        let mut registered = Vec::new();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // Where a handler cannot be set, the signal does what it always did.
            // The order counts: the first signal must not meet the flag it sets.
            let actions = [
                flag::register_conditional_default(signal, Arc::clone(&again)),
                flag::register(signal, Arc::clone(&again)),
                flag::register_usize(signal, Arc::clone(&number), signal as usize),
            ];
            registered.extend(actions.into_iter().flatten());
        }
        Self(Arc::new(Caught { number, registered }))
    }

    /// Signals that somebody else notes in `number`; none is caught here.
    pub fn told(number: Arc<AtomicUsize>) -> Self {
        let registered = Vec::new();
        Self(Arc::new(Caught { number, registered }))
    }

    /// The signal that came, if one did.
    pub fn arrived(&self) -> Option<u8> {
        match self.0.number.load(Ordering::SeqCst) {
            0 => None,
            number => u8::try_from(number).ok(),
        }
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            low_level::unregister(id);
        }
    }
}
