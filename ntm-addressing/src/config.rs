//! Names in RON: `Chain([Content(), Interpolate(), Shift(range: 1), Sharpen()])`.
use crate::{Boundary, Chain, Content, Direction, FixedShift, Interpolate, ScalarShift, Sharpen, Shift};
use ntm_core::config::{AddressingKind, Build, BuildError, HeadSite, Named, Precision, Registry, StageKind};
use ntm_core::{Activation, Addressing, Similarity, Stage};
use serde::{Deserialize, Serialize};

/// Adds `Chain` and the stages of this crate.
pub fn register(registry: Registry) -> Registry {
    registry
        .register::<AddressingKind, ChainSettings>("Chain")
        .register::<StageKind, Content>("Content")
        .register::<StageKind, Interpolate>("Interpolate")
        .register::<StageKind, Shift>("Shift")
        .register::<StageKind, ScalarShift>("ScalarShift")
        .register::<StageKind, FixedShiftSettings>("FixedShift")
        .register::<StageKind, Sharpen>("Sharpen")
}

/// Settings of a [`Chain`]: its stages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChainSettings(pub Vec<Named<StageKind>>);

impl Build<AddressingKind> for ChainSettings {
    fn build<T: Precision>(&self, site: &HeadSite) -> Result<Box<dyn Addressing<T>>, BuildError> {
        if self.0.is_empty() {
            let why = "a chain needs at least one stage, such as Content()";
            return Err(BuildError::new("", why));
        }
        let mut stages = vec![];
        for (i, stage) in self.0.iter().enumerate() {
            stages.push(stage.build::<T>(site).map_err(|e| e.under(i))?);
        }
        Ok(Box::new(Chain::new(site.shape, stages)))
    }
}

fn check(field: &str, activation: &Activation) -> Result<(), BuildError> {
    activation.check().map_err(|why| BuildError::new(field, why))
}

impl Build<StageKind> for Content {
    fn build<T: Precision>(&self, _: &HeadSite) -> Result<Box<dyn Stage<T>>, BuildError> {
        check("key", &self.key)?;
        check("strength", &self.strength)?;
        if let Similarity::Cosine { epsilon, .. } = self.similarity
            && !(epsilon.is_finite() && epsilon >= 0.0)
        {
            let why = format!(
                "{epsilon} must be a finite number, at least 0, such as 1e-8; 0 is a cosine without epsilon"
            );
            return Err(BuildError::new("similarity.epsilon", why));
        }
        Ok(Box::new(self.clone()))
    }
}

impl Build<StageKind> for Interpolate {
    fn build<T: Precision>(&self, _: &HeadSite) -> Result<Box<dyn Stage<T>>, BuildError> {
        check("gate", &self.gate)?;
        Ok(Box::new(self.clone()))
    }
}

impl Build<StageKind> for Shift {
    fn build<T: Precision>(&self, site: &HeadSite) -> Result<Box<dyn Stage<T>>, BuildError> {
        Shift::check(self, site.shape).map_err(|(field, why)| BuildError::new(field, why))?;
        Ok(Box::new(self.clone()))
    }
}

impl Build<StageKind> for ScalarShift {
    fn build<T: Precision>(&self, _: &HeadSite) -> Result<Box<dyn Stage<T>>, BuildError> {
        Ok(Box::new(self.clone()))
    }
}

/// Settings of a [`FixedShift`]: `FixedShift(kernel: [0.1, 0.8, 0.1])`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedShiftSettings {
    /// The taps: an odd number, at most as many as slots. The one in the middle keeps the focus where it is.
    pub kernel: Vec<f64>,
    /// Which way the first tap moves.
    #[serde(default)]
    pub direction: Direction,
    /// What happens at the first and the last slot.
    #[serde(default)]
    pub boundary: Boundary,
}

impl Build<StageKind> for FixedShiftSettings {
    fn build<T: Precision>(&self, site: &HeadSite) -> Result<Box<dyn Stage<T>>, BuildError> {
        let stage = FixedShift::<T>::new(site.shape, &self.kernel, self.direction, self.boundary);
        Ok(Box::new(stage.map_err(|why| BuildError::new("kernel", why))?))
    }
}

impl Build<StageKind> for Sharpen {
    fn build<T: Precision>(&self, _: &HeadSite) -> Result<Box<dyn Stage<T>>, BuildError> {
        check("power", &self.power)?;
        if !(self.epsilon.is_finite() && self.epsilon >= 0.0) {
            return Err(BuildError::new("epsilon", format!("{} must be a number, at least 0", self.epsilon)));
        }
        Ok(Box::new(self.clone()))
    }
}
