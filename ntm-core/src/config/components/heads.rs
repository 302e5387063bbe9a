//! `Read(…)` and `Write(…)`
use crate::Activation;
use crate::config::{AddressingKind, Build, BuildError, HeadKind, HeadSite, Named, Precision};
use crate::heads::{Erase, Read, Write};
use crate::start::{ReadStart, WeightingStart};
use crate::traits::{Head, Using};
use serde::{Deserialize, Serialize};

/// Settings of a [`Read`] head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadSettings {
    /// Where its weighting comes from.
    pub addressing: Named<AddressingKind>,
    /// Which weighting it acts with.
    #[serde(default)]
    pub using: Using,
    /// Its weighting before the first step.
    #[serde(default)]
    pub weighting: WeightingStart,
    /// What the controller sees as read before the first step.
    #[serde(default)]
    pub read: ReadStart,
}

/// Settings of a [`Write`] head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteSettings {
    /// Where its weighting comes from.
    pub addressing: Named<AddressingKind>,
    /// Which weighting it acts with.
    #[serde(default)]
    pub using: Using,
    /// Its weighting before the first step.
    #[serde(default)]
    pub weighting: WeightingStart,
    /// Applied to the erase vector, or `Coupled`.
    #[serde(default = "erase")]
    pub erase: EraseSettings,
    /// Applied to the add vector.
    #[serde(default = "add")]
    pub add: Activation,
}

/// What a file says of the erase vector: the name of an [`Activation`], or `Coupled`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum EraseSettings {
    /// [`Erase::Coupled`]: no erase vector of its own
    Coupled,
    /// [`Activation::Linear`]
    Linear,
    /// [`Activation::Tanh`]
    Tanh,
    /// [`Activation::Relu`]
    Relu,
    /// [`Activation::Sigmoid`]
    Sigmoid,
    /// [`Activation::HardSigmoid`]
    HardSigmoid,
    /// [`Activation::Exp`]
    Exp,
    /// [`Activation::Softplus`]
    Softplus,
    /// [`Activation::OnePlusSoftplus`]
    OnePlusSoftplus,
    /// [`Activation::OnePlusRelu`]
    OnePlusRelu,
    /// [`Activation::TenSigmoid`]
    TenSigmoid,
    /// [`Activation::Clip`]
    Clip {
        /// smallest value
        min: f64,
        /// largest value
        max: f64,
    },
    /// [`Activation::Affine`]
    Affine {
        /// factor; not 0
        scale: f64,
        /// what is added
        offset: f64,
        /// the function that is scaled
        of: Box<Activation>,
    },
}

impl EraseSettings {
    /// What the head is built with.
    pub fn erase(&self) -> Erase {
        Erase::Own(match self {
            EraseSettings::Coupled => return Erase::Coupled,
            EraseSettings::Linear => Activation::Linear,
            EraseSettings::Tanh => Activation::Tanh,
            EraseSettings::Relu => Activation::Relu,
            EraseSettings::Sigmoid => Activation::Sigmoid,
            EraseSettings::HardSigmoid => Activation::HardSigmoid,
            EraseSettings::Exp => Activation::Exp,
            EraseSettings::Softplus => Activation::Softplus,
            EraseSettings::OnePlusSoftplus => Activation::OnePlusSoftplus,
            EraseSettings::OnePlusRelu => Activation::OnePlusRelu,
            EraseSettings::TenSigmoid => Activation::TenSigmoid,
            &EraseSettings::Clip { min, max } => Activation::Clip { min, max },
            EraseSettings::Affine { scale, offset, of } => {
                Activation::Affine { scale: *scale, offset: *offset, of: of.clone() }
            }
        })
    }
}

fn erase() -> EraseSettings {
    EraseSettings::Sigmoid
}
fn add() -> Activation {
    Activation::Linear
}

impl Build<HeadKind> for ReadSettings {
    fn build<T: Precision>(&self, site: &HeadSite) -> Result<Box<dyn Head<T>>, BuildError> {
        self.read.check().map_err(|why| BuildError::new("read", why))?;
        let addressing = self.addressing.build::<T>(site).map_err(|e| e.under("addressing"))?;
        let read = self.read.clone();
        Ok(Box::new(Read { addressing, using: self.using, weighting: self.weighting, read }))
    }
}

impl Build<HeadKind> for WriteSettings {
    fn build<T: Precision>(&self, site: &HeadSite) -> Result<Box<dyn Head<T>>, BuildError> {
        let (erase, add) = (self.erase.erase(), self.add.clone());
        if let Erase::Own(activation) = &erase {
            activation.check().map_err(|why| BuildError::new("erase", why))?;
        }
        add.check().map_err(|why| BuildError::new("add", why))?;
        let addressing = self.addressing.build::<T>(site).map_err(|e| e.under("addressing"))?;
        Ok(Box::new(Write { addressing, using: self.using, weighting: self.weighting, erase, add }))
    }
}
