//! Under which paths the parameters are known outside.
use super::Ntm;
use crate::traits::{Cell, Parameter, Part};
use crate::{Field, Real};

impl<T: Real> Ntm<T> {
    /// The matrix to the raw numbers, known outside as one layer per head.
    pub(super) fn head_parameters(&self) -> Vec<Parameter> {
        let mut all = self.heads.parameters("heads", self.weight, self.bias);
        for (parameter, name) in all.iter_mut().zip(["weight", "bias"]) {
            let initial = parameter.parts[0].initial;
            let mut at = 0;
            parameter.parts = vec![];
            for (h, fields) in self.memory.interface().iter().enumerate() {
                let rows = at..at + Field::count(fields);
                at = rows.end;
                let shape =
                    if name == "bias" { vec![rows.len()] } else { vec![rows.len(), self.driver.len()] };
                parameter.parts.push(Part {
                    path: format!("heads.{h}.{name}"),
                    rows,
                    shape,
                    initial,
                    except: None,
                });
            }
        }
        all
    }
}

/// Paths of a part of a model: `start.h` of the controller is `start.controller.h`, `weight` is `controller.weight`.
pub(crate) fn parameters_of<T: Real>(name: &str, cell: &dyn Cell<T>) -> Vec<Parameter> {
    let mut all = cell.parameters();
    for part in all.iter_mut().flat_map(|p| &mut p.parts) {
        part.path = match part.path.split_once('.') {
            Some((first @ ("start" | "given"), rest)) => format!("{first}.{name}.{rest}"),
            _ => format!("{name}.{}", part.path),
        };
    }
    all
}
