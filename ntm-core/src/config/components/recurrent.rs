//! `Recurrent(controller: …)`
use crate::Recurrent;
use crate::config::{
    Build, BuildError, ControllerKind, ControllerSite, ModelKind, ModelSite, Named, Precision,
};
use crate::traits::Cell;
use serde::{Deserialize, Serialize};

/// Settings of a [`Recurrent`] model: a controller with an output layer and no memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecurrentSettings {
    /// The controller.
    pub controller: Named<ControllerKind>,
}

impl Build<ModelKind> for RecurrentSettings {
    fn build<T: Precision>(&self, site: &ModelSite) -> Result<Box<dyn Cell<T>>, BuildError> {
        let site = ControllerSite { inputs: site.inputs, cell: false };
        let controller = self.controller.build::<T>(&site).map_err(|e| e.under("controller"))?;
        Ok(Box::new(Recurrent { controller }))
    }
}
