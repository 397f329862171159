"""What a researcher runs: train, log, register, alias, download, with the unmodified client.

Knows nothing of the portal but the environment a user would set: MLFLOW_TRACKING_URI,
MLFLOW_TRACKING_TOKEN and perhaps MLFLOW_WORKSPACE. Prints one JSON object.
"""

import argparse
import json
import tempfile
from pathlib import Path

import mlflow
import numpy as np
from mlflow import MlflowClient
from safetensors.numpy import save_file
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--model", required=True)
    options.add_argument("--experiment", default="digits")
    options.add_argument("--tag", action="append", default=[], help="key=value")
    given = options.parse_args()
    data = load_digits()
    split = train_test_split(data.data, data.target, random_state=7)
    images, unseen, labels, truth = (np.asarray(part, dtype=np.float32) for part in split)
    network = MLPClassifier((32,), max_iter=60, random_state=7, tol=0)
    network.fit(images / 16, labels)

    mlflow.set_experiment(given.experiment)
    with mlflow.start_run(tags=dict(tag.split("=", 1) for tag in given.tag)) as run:
        mlflow.log_params({"hidden": 32, "epochs": 60})
        for step, loss in enumerate(network.loss_curve_):
            mlflow.log_metric("loss", loss, step=step)
        mlflow.log_metrics({"accuracy": network.score(unseen / 16, truth)})
        training = mlflow.data.from_numpy(images, targets=labels, name="sklearn-digits")
        mlflow.log_input(training, context="training")
        mlflow.log_text("seen: 1,347 images", "notes/data.txt")
        with tempfile.TemporaryDirectory() as folder:
            weights = Path(folder) / "model.safetensors"
            save_file(tensors(network), weights)
            logged = mlflow.pyfunc.log_model(
                name="model",
                python_model=str(Path(__file__).with_name("digits_model.py")),
                artifacts={"weights": str(weights)},
                pip_requirements=["mlflow", "safetensors", "numpy"],
                registered_model_name=given.model,
                metadata={"precision": "F32"},
            )
    version = logged.registered_model_version
    client = MlflowClient()
    client.set_registered_model_alias(given.model, "champion", version)
    client.set_model_version_tag(given.model, str(version), "stage", "candidate")
    back = Path(mlflow.artifacts.download_artifacts(f"models:/{given.model}@champion"))
    again = mlflow.pyfunc.load_model(f"models:/{given.model}@champion")
    agree = float((again.predict(unseen) == truth).mean())
    runs = mlflow.search_runs(experiment_names=[given.experiment], output_format="list")
    found = client.search_model_versions(f"name = '{given.model}'")
    print(  # noqa: T201  what the test reads
        json.dumps(
            {
                "run_id": run.info.run_id,
                "version": version,
                "files": sorted(
                    str(path.relative_to(back)) for path in back.rglob("*") if path.is_file()
                ),
                "accuracy": agree,
                "runs": [item.info.run_id for item in runs],
                "versions": [int(item.version) for item in found],
                "registered": [m.name for m in client.search_registered_models()],
                "experiments": [e.name for e in client.search_experiments()],
                "artifacts": [f.path for f in client.list_artifacts(run.info.run_id)],
                "losses": len(client.get_metric_history(run.info.run_id, "loss")),
            }
        )
    )


def tensors(network: MLPClassifier) -> dict[str, np.ndarray]:
    found = {}
    for layer, (weight, bias) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
        found[f"layers.{layer}.weight"] = np.ascontiguousarray(weight, dtype=np.float32)
        found[f"layers.{layer}.bias"] = np.ascontiguousarray(bias, dtype=np.float32)
    return found


if __name__ == "__main__":
    main()
