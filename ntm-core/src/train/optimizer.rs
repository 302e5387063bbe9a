//! How gradients become updates.
use crate::Real;
use crate::buffers::Slab;
use crate::bytes::Bytes;
use crate::kernels::optimizer::{AdamStep, GradientChange, RmsPropStep, adam, rmsprop};

/// An optimiser: a closed set of settings.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "config", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "config", serde(deny_unknown_fields))]
pub enum Optimizer {
    /// RMSProp with momentum, as in Graves 2013, equations 38 to 45:
    /// n = decay n + (1 - decay) e^2; g = decay g + (1 - decay) e;
    /// D = momentum D - rate e / sqrt(n - g^2 + epsilon); w += D.
    /// Not centred, g stays 0, as in most libraries.
    RmsProp {
        /// learning rate
        #[cfg_attr(feature = "config", serde(default = "defaults::rate"))]
        rate: f64,
        /// of the running averages
        #[cfg_attr(feature = "config", serde(default = "defaults::decay"))]
        decay: f64,
        /// share of the last step that goes on
        #[cfg_attr(feature = "config", serde(default = "defaults::momentum"))]
        momentum: f64,
        /// added inside the root
        #[cfg_attr(feature = "config", serde(default = "defaults::root_epsilon"))]
        epsilon: f64,
        /// whether the mean is subtracted
        #[cfg_attr(feature = "config", serde(default = "defaults::centred"))]
        centred: bool,
    },
    /// Adam (Kingma and Ba 2015)
    Adam {
        /// learning rate
        #[cfg_attr(feature = "config", serde(default = "defaults::adam_rate"))]
        rate: f64,
        /// decay of the running mean
        #[cfg_attr(feature = "config", serde(default = "defaults::beta1"))]
        beta1: f64,
        /// decay of the running mean of squares
        #[cfg_attr(feature = "config", serde(default = "defaults::beta2"))]
        beta2: f64,
        /// added to the root
        #[cfg_attr(feature = "config", serde(default = "defaults::epsilon"))]
        epsilon: f64,
    },
}

/// Graves's numbers, and Adam's.
mod defaults {
    macro_rules! number { ($($name:ident = $x:expr),*) => { $(pub(super) fn $name() -> f64 { $x })* } }
    number!(rate = 1e-4, decay = 0.95, momentum = 0.9, root_epsilon = 1e-4);
    #[cfg(feature = "config")]
    number!(adam_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8);
    pub(super) fn centred() -> bool {
        true
    }
}

impl Default for Optimizer {
    /// Graves 2013: rate 1e-4, decay 0.95, momentum 0.9, epsilon 1e-4, centred.
    fn default() -> Self {
        Optimizer::RmsProp {
            rate: defaults::rate(),
            decay: defaults::decay(),
            momentum: defaults::momentum(),
            epsilon: defaults::root_epsilon(),
            centred: defaults::centred(),
        }
    }
}

impl Optimizer {
    /// The names of what it keeps between updates, such as `squares`: a slab each, see [`OptimizerState::slabs`].
    pub fn keeps(&self) -> &'static [&'static str] {
        match self {
            Optimizer::RmsProp { centred: true, .. } => &["squares", "deltas", "means"],
            Optimizer::RmsProp { .. } => &["squares", "deltas"],
            Optimizer::Adam { .. } => &["squares", "means"],
        }
    }
    /// The same with its rate multiplied by `factor`.
    pub fn scaled(mut self, factor: f64) -> Self {
        match &mut self {
            Optimizer::RmsProp { rate, .. } | Optimizer::Adam { rate, .. } => *rate *= factor,
        }
        self
    }
    /// What is wrong with its numbers, if anything: the field, and why.
    ///
    /// # Errors
    /// The field that is out of range, and what would be allowed.
    pub fn check(&self) -> Result<(), (String, String)> {
        let (rate, epsilon, shares) = match *self {
            Optimizer::RmsProp { rate, decay, momentum, epsilon, .. } => {
                (rate, epsilon, [("decay", decay), ("momentum", momentum)])
            }
            Optimizer::Adam { rate, beta1, beta2, epsilon } => {
                (rate, epsilon, [("beta1", beta1), ("beta2", beta2)])
            }
        };
        for (name, x) in [("rate", rate), ("epsilon", epsilon)] {
            if !(x.is_finite() && x > 0.0) {
                return Err((name.into(), format!("{x} must be a number above 0")));
            }
        }
        for (name, x) in shares {
            if !(0.0..1.0).contains(&x) {
                return Err((name.into(), format!("{x} must be at least 0 and below 1")));
            }
        }
        Ok(())
    }
}

/// What an optimiser keeps between updates: slabs laid out like the parameters.
#[derive(Debug)]
pub struct OptimizerState<T> {
    /// Name, such as `squares`, and as many numbers as there are parameters.
    pub slabs: Vec<(&'static str, Slab<T>)>,
    /// Updates made so far; Adam corrects its means by it.
    pub updates: u64,
}

impl<T: Real> OptimizerState<T> {
    /// The state before the first update of `numbers` parameters.
    pub fn new(optimizer: &Optimizer, numbers: usize) -> Self {
        let slabs = optimizer.keeps().iter().map(|n| (*n, Slab::new(numbers))).collect();
        OptimizerState { slabs, updates: 0 }
    }
    /// How many slabs an optimiser keeps.
    pub fn slabs(optimizer: &Optimizer) -> usize {
        optimizer.keeps().len()
    }
    /// What the state of `numbers` parameters takes.
    pub fn bytes(optimizer: &Optimizer, numbers: u128) -> Bytes {
        let parameters = optimizer.keeps().len() as u128 * Slab::<T>::bytes(numbers);
        Bytes { parameters, ..Bytes::default() }
    }
    /// One update of `params`.
    pub fn update(
        &mut self,
        optimizer: &Optimizer,
        change: GradientChange,
        gradient: &[T],
        params: &mut [T],
    ) {
        self.updates += 1;
        match (*optimizer, &mut self.slabs[..]) {
            (Optimizer::RmsProp { rate, decay, momentum, epsilon, .. }, [squares, deltas, means @ ..]) => {
                let step = RmsPropStep { rate, decay, momentum, epsilon };
                let means: &mut [T] = means.first_mut().map_or(&mut [], |m| &mut m.1);
                rmsprop(step, change, gradient, &mut squares.1, means, &mut deltas.1, params);
            }
            (Optimizer::Adam { rate, beta1, beta2, epsilon }, [squares, means, ..]) => {
                let n = i32::try_from(self.updates).unwrap_or(i32::MAX);
                let rate = rate / (1.0 - beta1.powi(n));
                let root_scale = 1.0 / (1.0 - beta2.powi(n)).sqrt();
                let step = AdamStep { rate, beta1, beta2, root_scale, epsilon };
                adam(step, change, gradient, &mut means.1, &mut squares.1, params);
            }
            _ => unreachable!("the state was made for this optimiser"),
        }
    }
}
