//! `docker volume` (moby: `volume/service`).

use crate::api::{Error, Filters, Response, VolumeDetails};
use crate::daemon::{Context, Daemon};

impl Daemon {
    fn volume_details(&self, context: &Context<'_>, volume: &engine::Volume) -> VolumeDetails {
        let users = self.engine.volume_users(&volume.name);
        VolumeDetails {
            name: volume.name.clone(),
            driver: "local".to_owned(),
            mountpoint: volume.path(),
            created: volume.created,
            labels: volume.labels.clone(),
            options: volume.options.clone(),
            is_anonymous: volume.is_anonymous,
            user_count: u32::try_from(users.len()).unwrap_or(u32::MAX),
            size: volume.size(context.machine),
        }
    }

    pub(crate) fn list_volumes(
        &self,
        context: &Context<'_>,
        filters: &Filters,
    ) -> Result<Response, Error> {
        filters.validate(&["dangling", "driver", "label", "name"])?;
        let any = |key: &str, test: &dyn Fn(&str) -> bool| {
            let values = filters.get(key);
            values.is_empty() || values.iter().any(|value| test(value))
        };
        let found = self.engine.volumes().map(|volume| self.volume_details(context, volume));
        let found = found.filter(|volume| {
            any("name", &|value| volume.name.contains(value))
                && any("driver", &|value| volume.driver == value)
                && any("dangling", &|value| {
                    matches!(value, "true" | "1") == (volume.user_count == 0)
                })
                && any("label", &|value| match value.split_once('=') {
                    Some((key, value)) => volume.labels.get(key).is_some_and(|it| it == value),
                    None => volume.labels.contains_key(value),
                })
        });
        Ok(Response::Volumes(found.collect()))
    }

    pub(crate) fn inspect_volume(
        &self,
        context: &Context<'_>,
        name: &str,
    ) -> Result<Response, Error> {
        let volume = self.engine.volume(name)?;
        Ok(Response::Volume(Box::new(self.volume_details(context, volume))))
    }

    pub(crate) fn create_volume(
        &mut self,
        context: &mut Context<'_>,
        volume: VolumeDetails,
    ) -> Result<Response, Error> {
        let VolumeDetails { name, driver, labels, options, .. } = volume;
        if driver != "local" && !driver.is_empty() {
            return Err(Error::new(
                404,
                format!(
                    "create {name}: error looking up volume plugin {driver}: plugin \"{driver}\" not found"
                ),
            ));
        }
        if !options.is_empty() {
            return Err(Error::new(501, "not simulated: options of the local volume driver"));
        }
        let volume = self.engine.create_volume(context.now, context.machine, &name, labels)?;
        Ok(Response::Created { id: volume.name })
    }

    pub(crate) fn remove_volume(
        &mut self,
        context: &mut Context<'_>,
        name: &str,
        force: bool,
    ) -> Result<Response, Error> {
        match self.engine.remove_volume(context.now, context.machine, name) {
            Err(error) if force && error.kind == engine::ErrorKind::NotFound => Ok(Response::Done),
            result => Ok(result.map(|()| Response::Done)?),
        }
    }

    /// Removes what nobody uses: until 20.10 all of it, later only what was made without a name unless
    /// `all`.
    pub(crate) fn prune_volumes(
        &mut self,
        context: &mut Context<'_>,
        filters: &Filters,
    ) -> Result<Response, Error> {
        filters.validate(&["all", "label", "label!"])?;
        let named_too = self.config.engine.release < engine::Release(23, 0)
            || filters.get("all").iter().any(|value| matches!(value.as_str(), "true" | "1"));
        let found = self.engine.volumes().map(|volume| self.volume_details(context, volume));
        let unused: Vec<VolumeDetails> = found
            .filter(|volume| volume.user_count == 0 && (named_too || volume.is_anonymous))
            .filter(|volume| {
                filters.get("label").iter().all(|wanted| match wanted.split_once('=') {
                    Some((key, value)) => volume.labels.get(key).is_some_and(|it| it == value),
                    None => volume.labels.contains_key(wanted),
                })
            })
            .collect();
        let (mut names, mut size) = (Vec::new(), 0);
        for volume in unused {
            self.engine.remove_volume(context.now, context.machine, &volume.name)?;
            size += volume.size;
            names.push(volume.name);
        }
        Ok(Response::Pruned { names, size })
    }
}
