//! Components by name: round trips through RON, and that no registered name is forgotten.
use super::Checked;
use super::failure::{At, Failure, Promise};
use crate::config::{Named, Registry, Source, to_ron};

/// Reads a component and checks that what is written of it reads back as the same.
///
/// # Errors
/// If the text does not parse, or the promise is broken.
pub fn round_trip<K: Checked>(registry: &Registry, text: &str) -> Result<Named<K>, Failure> {
    let at = At { component: text.to_string(), site: format!("as a {}", K::NAME) };
    let read = |text: &str| registry.parse::<Named<K>>(&Source::new("example", text));
    let first = read(text).map_err(|e| at.breaks(Promise::RoundTrip, e))?;
    let written = to_ron(&first);
    let second = read(&written).map_err(|e| {
        at.breaks(Promise::RoundTrip, format!("written as {} it is refused: {e}", written.trim()))
    })?;
    let again = to_ron(&second);
    if again != written {
        let what = format!("written as {}, then as {}", written.trim(), again.trim());
        return Err(at.breaks(Promise::RoundTrip, what));
    }
    if format!("{first:?}") != format!("{second:?}") {
        let what = format!("{first:?} was read back as {second:?}");
        return Err(at.breaks(Promise::RoundTrip, what));
    }
    Ok(first)
}

/// Checks every component registered for a kind: each example, and each name that no example has as `Name()`.
/// Gives the number of settings checked.
///
/// # Errors
/// The first promise broken; also if a name has neither an example nor settings that are all optional.
pub fn check_registered<K: Checked>(registry: &Registry, examples: &[&str]) -> Result<usize, Failure> {
    let mut named = vec![];
    for text in examples {
        named.push(round_trip::<K>(registry, text)?);
    }
    for name in registry.names::<K>() {
        if !named.iter().any(|n| n.name() == name) {
            let made = round_trip::<K>(registry, &format!("{name}()")).map_err(|e| {
                let at = At { component: name.to_string(), site: format!("as a {}", K::NAME) };
                at.breaks(Promise::Covered, format!("it has no example, and alone it fails: {}", e.what))
            })?;
            named.push(made);
        }
    }
    named.iter().try_for_each(|n| K::check(n))?;
    Ok(named.len())
}
