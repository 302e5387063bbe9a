//! A head that reads.
use crate::Real;
use crate::start::{ReadStart, WeightingStart};
use crate::traits::{Action, Addressing, Head, Using};

/// Reads with its weighting: r = sum of w(i) M(i), equation 2.
#[derive(Debug)]
pub struct Read<T: Real> {
    /// Where its weighting comes from.
    pub addressing: Box<dyn Addressing<T>>,
    /// Which weighting it reads with.
    pub using: Using,
    /// Its weighting before the first step.
    pub weighting: WeightingStart,
    /// What the controller sees as read before the first step.
    pub read: ReadStart,
}
impl<T: Real> Read<T> {
    /// A head as in the paper: this step's weighting, all of it on the first slot before the first step; what is read
    /// before that is learned.
    pub fn new(addressing: impl Addressing<T> + 'static) -> Self {
        let (using, weighting, read) = (Using::Current, WeightingStart::OneHot, ReadStart::Learned);
        Read { addressing: Box::new(addressing), using, weighting, read }
    }
}

impl<T: Real> Head<T> for Read<T> {
    fn action(&self) -> Action {
        Action::Read
    }
    fn addressing(&self) -> &dyn Addressing<T> {
        &*self.addressing
    }
    fn using(&self) -> Using {
        self.using
    }
    fn weighting_start(&self) -> WeightingStart {
        self.weighting
    }
    fn read_start(&self) -> ReadStart {
        self.read.clone()
    }
}
