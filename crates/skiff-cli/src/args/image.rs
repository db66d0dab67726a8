//! The flags of `skiff image`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::model::OpenArguments;

/// `skiff image`
#[derive(Debug, Args)]
pub struct Image {
    /// The model file.
    pub model: PathBuf,
    /// The file to write, or, for an image, where to push it: oci://HOST/REPOSITORY:TAG.
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// What to write.
    #[arg(long, value_name = "FORMAT", default_value = "oci")]
    pub format: ImageFormat,
    /// The statically linked skiff in the image, or, for systemd, the skiff that the unit runs [default: this one].
    #[arg(long, value_name = "FILE")]
    pub binary: Option<PathBuf>,
    /// The name that the model is served under [default: the file's name without extension].
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The image's name and tag: example.org/churn:3. Kubernetes pulls it by this name.
    #[arg(long, value_name = "NAME:TAG", required_if_eq("format", "kubernetes"))]
    pub tag: Option<String>,
    /// The port that it listens on.
    #[arg(long, value_name = "PORT", default_value = "8080")]
    pub port: u16,
    /// Overwrite an existing file or tag.
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub open: OpenArguments,
}

/// What serves a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImageFormat {
    /// A container image: a tar archive of an OCI image layout.
    Oci,
    /// A Kubernetes deployment and service of such an image.
    Kubernetes,
    /// A systemd unit, without a container.
    Systemd,
}
