//! Images and containers as archives: `save`, `load`, `export`, `import`.
//!
//! The layout is that of `docker save`: `manifest.json`, one configuration object per image, one
//! `layer.tar` per layer. A layer of the catalogue stands for more bytes than its files have; the
//! manifest says how many, so that an image keeps its size.

use sorted::SortedMap;

use os::fs::{Inode, Kind, Tree};
use serde_json::{Value, json};
use sim::{Duration, Time};

use crate::container::HealthCheck;
use crate::digest::ContainerId;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::event::Happened;
use crate::image::{History, Image, ImageConfig, ImageParts};
use crate::layer::Layer;
use crate::reference::Reference;
use crate::{changes, tar};

/// How a removed file is named in a layer's archive (OCI image specification).
const WHITEOUT: &str = ".wh.";

/// A layer's tree as files: what it removes becomes an empty file with a special name.
fn as_files(tree: &Tree) -> Tree {
    let mut files = Tree::default();
    for (path, inode) in tree.iter() {
        if inode.kind == Kind::Whiteout {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let kind = Kind::File(Vec::new());
            let file = Inode { attributes: inode.attributes, kind };
            files.insert(format!("{folder}/{WHITEOUT}{name}"), file);
        } else {
            files.insert(path, inode.clone());
        }
    }
    files
}

fn from_files(files: &Tree) -> Tree {
    let mut tree = Tree::default();
    for (path, inode) in files.iter() {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        match name.strip_prefix(WHITEOUT) {
            Some(name) => {
                let gone = Inode { attributes: inode.attributes, kind: Kind::Whiteout };
                tree.insert(format!("{folder}/{name}"), gone);
            }
            None => tree.insert(path, inode.clone()),
        }
    }
    tree
}

/// Images with their names as one archive.
pub fn pack(images: &[(&Image, Vec<String>)]) -> Vec<u8> {
    let mut tree = Tree::default();
    let mut manifest = Vec::new();
    for (image, names) in images {
        let config = format!("{}.json", image.id.0.hex());
        tree.add_file(&format!("/{config}"), image.config_json(), 0o644, image.created);
        let mut layers = Vec::new();
        let mut sizes = Vec::new();
        for layer in &image.layers {
            let path = format!("{}/layer.tar", layer.diff_id.hex());
            let bytes = tar::write(&as_files(&layer.tree), "");
            tree.add_file(&format!("/{path}"), bytes, 0o644, image.created);
            layers.push(path);
            sizes.push(json!([layer.size, layer.compressed_size]));
        }
        manifest.push(json!({
            "Config": config, "RepoTags": names, "Layers": layers, "LayerSizes": sizes,
        }));
    }
    let bytes = Value::from(manifest).to_string();
    tree.add_file("/manifest.json", bytes, 0o644, Time::EPOCH);
    tar::write(&tree, "")
}

/// The images of an archive, each with its names.
///
/// # Errors
/// What is not an archive of images.
pub fn unpack(bytes: &[u8]) -> Result<Vec<(Image, Vec<String>)>, EngineError> {
    let invalid = |what: &str| EngineError::invalid(what.to_owned());
    let tree = tar::read(bytes).ok_or_else(|| invalid("unexpected EOF"))?;
    let file = |path: &str| match tree.get(&format!("/{path}")).map(|inode| &inode.kind) {
        Some(Kind::File(bytes)) => Ok(bytes.as_slice()),
        _ => Err(invalid(&format!("open {path}: no such file or directory"))),
    };
    let manifest: Value = serde_json::from_slice(file("manifest.json")?)
        .map_err(|error| invalid(&error.to_string()))?;
    let mut images = Vec::new();
    for entry in manifest.as_array().into_iter().flatten() {
        let config = file(entry["Config"].as_str().unwrap_or_default())?;
        let object: Value =
            serde_json::from_slice(config).map_err(|error| invalid(&error.to_string()))?;
        let mut layers = Vec::new();
        for (index, path) in texts(&entry["Layers"]).iter().enumerate() {
            let files = tar::read(file(path)?).unwrap_or_default();
            let mut layer = Layer::new(from_files(&files));
            let sizes = &entry["LayerSizes"][index];
            if let (Some(size), Some(compressed)) = (sizes[0].as_u64(), sizes[1].as_u64()) {
                (layer.size, layer.compressed_size) = (size, compressed);
            }
            layers.push(layer);
        }
        let image = read_config(&object, layers);
        images.push((image, texts(&entry["RepoTags"])));
    }
    Ok(images)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn keys<T: FromIterator<String>>(value: &Value) -> T {
    value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

fn moment(value: &Value) -> Time {
    Time::parse_rfc3339(value.as_str().unwrap_or_default()).unwrap_or(Time::EPOCH)
}

/// The image behind a configuration object: the other way round of [`Image::config_json`].
fn read_config(object: &Value, layers: Vec<Layer>) -> Image {
    let config = &object["config"];
    let labels = config["Labels"].as_object().into_iter().flatten();
    let health = config.get("Healthcheck").map(|health| HealthCheck {
        test: texts(&health["Test"]),
        interval: Duration::from_nanos(health["Interval"].as_u64().unwrap_or(0)),
        timeout: Duration::from_nanos(health["Timeout"].as_u64().unwrap_or(0)),
        start_period: Duration::from_nanos(health["StartPeriod"].as_u64().unwrap_or(0)),
        retries: u32::try_from(health["Retries"].as_u64().unwrap_or(0)).unwrap_or(0),
    });
    let history = object["history"].as_array().into_iter().flatten().map(|line| History {
        created: moment(&line["created"]),
        created_by: text(&line["created_by"]),
        comment: text(&line["comment"]),
        author: text(&line["author"]),
        empty_layer: line["empty_layer"].as_bool().unwrap_or(false),
    });
    Image::new(ImageParts {
        parent: None,
        config: ImageConfig {
            entrypoint: texts(&config["Entrypoint"]),
            cmd: texts(&config["Cmd"]),
            env: texts(&config["Env"]),
            working_dir: text(&config["WorkingDir"]),
            exposed_ports: keys(&config["ExposedPorts"]),
            user: text(&config["User"]),
            labels: labels.map(|(key, value)| (key.clone(), text(value))).collect(),
            volumes: keys(&config["Volumes"]),
            stop_signal: text(&config["StopSignal"]),
            health,
            shell: texts(&config["Shell"]),
            on_build: texts(&config["OnBuild"]),
        },
        created: moment(&object["created"]),
        author: text(&object["author"]),
        comment: text(&object["comment"]),
        container: text(&object["container"]),
        docker_version: text(&object["docker_version"]),
        history: history.collect(),
        layers,
    })
}

impl Engine {
    /// Images as one archive; names are kept as far as they were asked for by name.
    ///
    /// # Errors
    /// `No such image: x`.
    pub fn save(&self, names: &[String]) -> Result<Vec<u8>, EngineError> {
        let mut images: Vec<(&Image, Vec<String>)> = Vec::new();
        for name in names {
            let image = self.images.find(name)?;
            let hex = name.strip_prefix("sha256:").unwrap_or(name);
            let by_id = image.id.0.hex().starts_with(hex);
            let tag = Reference::parse(name).ok().filter(|_| !by_id).map(|name| name.familiar());
            match images.iter_mut().find(|(known, _)| known.id == image.id) {
                Some((_, tags)) => tags.extend(tag),
                None => images.push((image, tag.into_iter().collect())),
            }
        }
        Ok(pack(&images))
    }

    /// Adds the images of an archive; what `docker load` tells.
    ///
    /// # Errors
    /// What is not an archive of images.
    pub fn load(&mut self, now: Time, bytes: &[u8]) -> Result<Vec<String>, EngineError> {
        let mut told = Vec::new();
        for (image, names) in unpack(bytes)? {
            let id = self.images.add(image);
            for name in &names {
                self.images.tag(&Reference::parse(name)?, id);
                told.push(format!("Loaded image: {name}"));
            }
            if names.is_empty() {
                told.push(format!("Loaded image ID: {id}"));
            }
            self.note(now, Happened::Image("load", id.to_string()), SortedMap::new());
        }
        Ok(told)
    }

    /// A container's files as one archive: what is mounted is not among them.
    ///
    /// # Errors
    /// `No such container: x`.
    pub fn export(&self, id: &ContainerId) -> Result<Vec<u8>, EngineError> {
        let container = self.containers.get(id);
        let missing = || EngineError::not_found(format!("No such container: {id}"));
        let tree = crate::volume::tree_below(&container.ok_or_else(missing)?.root, "/");
        Ok(tar::write(&tree, ""))
    }

    /// Makes an image of one layer of an archive's files.
    ///
    /// # Errors
    /// What is no archive; a change that cannot be understood.
    pub fn import(
        &mut self,
        now: Time,
        bytes: &[u8],
        reference: Option<&Reference>,
        changes: &[String],
        message: &str,
    ) -> Result<crate::ImageId, EngineError> {
        let tree = tar::read(bytes);
        let tree = tree.ok_or_else(|| EngineError::system("archive/tar: invalid tar header"))?;
        let mut config = ImageConfig::default();
        changes::apply_changes(&mut config, changes)?;
        let comment = if message.is_empty() { "Imported from -" } else { message }.to_owned();
        let history = History {
            created: now,
            created_by: String::new(),
            comment: comment.clone(),
            author: String::new(),
            empty_layer: false,
        };
        let id = self.images.add(Image::new(ImageParts {
            config,
            created: now,
            comment,
            docker_version: self.options.version.clone(),
            history: vec![history],
            layers: vec![Layer::new(tree)],
            ..ImageParts::default()
        }));
        if let Some(reference) = reference {
            self.images.tag(reference, id);
        }
        self.note(now, Happened::Image("import", id.to_string()), SortedMap::new());
        Ok(id)
    }
}
