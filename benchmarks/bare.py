"""What we compare with: one Flask view as everybody writes it, and nothing else."""

from flask import Flask, Response, jsonify

app = Flask(__name__)


@app.get("/")
def hello() -> Response:
    return jsonify({"status": "alive"})
