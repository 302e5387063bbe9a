//! What a disk holds after each change to it, and what a power cut would leave of that.
use ntm_core::disk::Change;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A change, kept.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    CreateDirectory(PathBuf),
    Create(PathBuf),
    Append(PathBuf, Vec<u8>),
    Cut(PathBuf, u64),
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    SyncDirectory(PathBuf),
}

impl Kept {
    /// With paths as seen from `root`.
    pub(super) fn of(change: Change<'_>, root: &Path) -> Kept {
        let below = |path: &Path| path.strip_prefix(root).unwrap().to_owned();
        match change {
            Change::CreateDirectory(path) => Kept::CreateDirectory(below(path)),
            Change::Create(path) => Kept::Create(below(path)),
            Change::Append(path, bytes) => Kept::Append(below(path), bytes.to_vec()),
            Change::Cut(path, length) => Kept::Cut(below(path), length),
            Change::Sync(path) => Kept::Sync(below(path)),
            Change::Rename(from, to) => Kept::Rename(below(from), below(to)),
            Change::Remove(path) => Kept::Remove(below(path)),
            Change::SyncDirectory(path) => Kept::SyncDirectory(below(path)),
        }
    }
}

/// A file: what programs read, and what is on the disk for certain.
#[derive(Clone, Debug, Default)]
struct Content {
    now: Vec<u8>,
    synced: Vec<u8>,
}

/// The names in all directories, each with the number of its file; directories have none.
type Names = BTreeMap<PathBuf, Option<usize>>;
/// A directory tree: files with their bytes, directories without.
pub(super) type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    files: Vec<Content>,
    now: Names,
    synced: Names,
}

impl Disk {
    pub(super) fn apply(&mut self, change: &Kept) {
        match change {
            Kept::CreateDirectory(path) => drop(self.now.insert(path.clone(), None)),
            Kept::Create(path) => {
                self.now.insert(path.clone(), Some(self.files.len()));
                self.files.push(Content::default());
            }
            Kept::Append(path, bytes) => self.file(path).now.extend(bytes),
            Kept::Cut(path, length) => self.file(path).now.truncate(usize::try_from(*length).unwrap()),
            Kept::Sync(path) => {
                let file = self.file(path);
                file.synced = file.now.clone();
            }
            Kept::Rename(from, to) => {
                let file = self.now.remove(from).unwrap();
                self.now.insert(to.clone(), file);
            }
            Kept::Remove(path) => drop(self.now.remove(path)),
            Kept::SyncDirectory(directory) => {
                let inside = |path: &PathBuf| path.parent() == Some(directory);
                self.synced.retain(|path, _| !inside(path));
                let names = self.now.iter().filter(|(path, _)| inside(path));
                self.synced.extend(names.map(|(path, file)| (path.clone(), *file)));
            }
        }
    }

    fn file(&mut self, path: &Path) -> &mut Content {
        &mut self.files[self.now[path].unwrap()]
    }

    /// All that a stop at this moment can leave, of what is looked at here: everything, as after a kill; only what was synced;
    /// every name with what was synced of its file; the same with half of what was not.
    pub(super) fn left(&self) -> BTreeSet<Tree> {
        let half = |file: &Content| {
            let common = file.now.iter().zip(&file.synced).take_while(|(a, b)| a == b).count();
            file.now[..common + (file.now.len() - common) / 2].to_vec()
        };
        BTreeSet::from([
            self.tree(&self.now, |file| file.now.clone()),
            self.tree(&self.synced, |file| file.synced.clone()),
            self.tree(&self.now, |file| file.synced.clone()),
            self.tree(&self.now, half),
        ])
    }

    fn tree(&self, names: &Names, bytes: impl Fn(&Content) -> Vec<u8>) -> Tree {
        let reached = |path: &Path| {
            path.ancestors().skip(1).all(|above| above.as_os_str().is_empty() || names.contains_key(above))
        };
        let there = names.iter().filter(|(path, _)| reached(path));
        there.map(|(path, file)| (path.clone(), file.map(|n| bytes(&self.files[n])))).collect()
    }
}

/// Puts a tree into a directory, which is new.
pub(super) fn put(tree: &Tree, directory: &Path) {
    for (path, bytes) in tree {
        let path = directory.join(path);
        match bytes {
            None => std::fs::create_dir(path).unwrap(),
            Some(bytes) => std::fs::write(path, bytes).unwrap(),
        }
    }
}
