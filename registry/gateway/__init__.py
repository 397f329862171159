"""The edges of the registry that are not pages: raw ASGI applications dispatched before Django.

    /mlflow   the MLflow protocol, for the unmodified client    (gateway.mlflow)
    /hf       the model hub's read protocol                     (gateway.hub)

Bytes pass here without being held in memory, which Django's handlers cannot do. Rules live
where they live for pages: querysets with `visible_to`, policies and actions.
"""
