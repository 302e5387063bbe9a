//! Settings that do not survive RON, and names that nobody checks.
use ntm_core::Stage;
use ntm_core::config::{Build, BuildError, HeadSite, Precision, Registry, StageKind};
use ntm_core::testkit::{Promise, check_registered, registered, round_trip};
use ntm_core::traits::{StageGradient, StageLook};
use serde::{Deserialize, Serialize};

/// out = incoming
#[derive(Debug)]
struct Keep;
impl<T: ntm_core::Real> Stage<T> for Keep {
    fn forward(&self, look: &StageLook<'_, T>, _: &mut [T], out: &mut [T]) {
        out.copy_from_slice(look.incoming);
    }
    fn backward(&self, _: &StageLook<'_, T>, _: &[T], _: &[T], d_out: &[T], d: &mut StageGradient<'_, T>) {
        d.incoming.copy_from_slice(d_out);
    }
}

macro_rules! keeps { ($($name:ident)*) => { $(
    impl Build<StageKind> for $name {
        fn build<T: Precision>(&self, _: &HeadSite) -> Result<Box<dyn Stage<T>>, BuildError> {
            Ok(Box::new(Keep))
        }
    }
)* } }
keeps! { Good Renamed Forgetful Needy }

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Good {
    rate: f64,
}
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Renamed {
    #[serde(rename(serialize = "speed"))]
    rate: f64,
}
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Forgetful {
    #[serde(skip_serializing)]
    rate: f64,
}
#[derive(Debug, Serialize, Deserialize)]
struct Needy {
    rate: f64,
}

#[test]
fn settings_must_survive_ron() {
    let registry = Registry::default()
        .register::<StageKind, Good>("Good")
        .register::<StageKind, Renamed>("Renamed")
        .register::<StageKind, Forgetful>("Forgetful");
    assert_eq!(round_trip::<StageKind>(&registry, "Good(rate: 0.5)").unwrap().name(), "Good");
    for text in ["Renamed(rate: 0.5)", "Forgetful(rate: 0.5)", "Good(rat: 1)"] {
        let failure = round_trip::<StageKind>(&registry, text).unwrap_err();
        assert_eq!(failure.promise, Promise::RoundTrip, "{failure}");
        assert_eq!(failure.component, text);
    }
}

#[test]
fn a_name_without_example_is_checked_or_reported() {
    let registry = Registry::default().register::<StageKind, Good>("Good");
    registered::<StageKind>(&registry, &[]);
    assert_eq!(check_registered::<StageKind>(&registry, &["Good(rate: 1)", "Good()"]), Ok(2));
    let registry = registry.register::<StageKind, Needy>("Needy");
    let failure = check_registered::<StageKind>(&registry, &["Good()"]).unwrap_err();
    assert_eq!((failure.promise, &*failure.component), (Promise::Covered, "Needy"));
    assert_eq!(check_registered::<StageKind>(&registry, &["Needy(rate: 1)"]), Ok(2));
}

/// What breaks the promise of settings that survive RON.
pub(crate) fn forgets() -> ntm_core::testkit::Failure {
    let registry = Registry::default().register::<StageKind, Forgetful>("Forgetful");
    round_trip::<StageKind>(&registry, "Forgetful(rate: 0.5)").expect_err("a setting is lost")
}
/// What breaks the promise that every name is checked.
pub(crate) fn uncovered() -> ntm_core::testkit::Failure {
    let registry = Registry::default().register::<StageKind, Needy>("Needy");
    check_registered::<StageKind>(&registry, &[]).expect_err("it has no example")
}
