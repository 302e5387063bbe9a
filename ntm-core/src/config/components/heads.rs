//! `Read(…)` and `Write(…)`
use crate::Activation;
use crate::config::{AddressingKind, Build, BuildError, HeadKind, HeadSite, Named, Precision};
use crate::heads::{Read, Write};
use crate::start::{ReadStart, WeightingStart};
use crate::traits::Head;
use serde::{Deserialize, Serialize};

/// Settings of a [`Read`] head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadSettings {
    /// Where its weighting comes from.
    pub addressing: Named<AddressingKind>,
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
    /// Its weighting before the first step.
    #[serde(default)]
    pub weighting: WeightingStart,
    /// Applied to the erase vector.
    #[serde(default = "erase")]
    pub erase: Activation,
    /// Applied to the add vector.
    #[serde(default = "add")]
    pub add: Activation,
}

fn erase() -> Activation {
    Activation::Sigmoid
}
fn add() -> Activation {
    Activation::Linear
}

impl Build<HeadKind> for ReadSettings {
    fn build<T: Precision>(&self, site: &HeadSite) -> Result<Box<dyn Head<T>>, BuildError> {
        self.read.check().map_err(|why| BuildError::new("read", why))?;
        let addressing = self.addressing.build::<T>(site).map_err(|e| e.under("addressing"))?;
        Ok(Box::new(Read { addressing, weighting: self.weighting, read: self.read }))
    }
}

impl Build<HeadKind> for WriteSettings {
    fn build<T: Precision>(&self, site: &HeadSite) -> Result<Box<dyn Head<T>>, BuildError> {
        for (name, activation) in [("erase", &self.erase), ("add", &self.add)] {
            activation.check().map_err(|why| BuildError::new(name, why))?;
        }
        let addressing = self.addressing.build::<T>(site).map_err(|e| e.under("addressing"))?;
        let (erase, add) = (self.erase.clone(), self.add.clone());
        Ok(Box::new(Write { addressing, weighting: self.weighting, erase, add }))
    }
}
