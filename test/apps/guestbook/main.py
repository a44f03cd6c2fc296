"""A guestbook: entries in PostgreSQL, shown by whichever instance answers."""
import os

import psycopg2
from flask import Flask, redirect, render_template, request

app = Flask(__name__)


def database():
    """A connection for one request; the `with` of its cursor commits."""
    return psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=5)


def make_table():
    with database() as connection, connection.cursor() as cursor:
        # Both instances start at once, and CREATE ... IF NOT EXISTS alone can collide.
        cursor.execute("SELECT pg_advisory_xact_lock(7701)")
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS entries (id bigserial PRIMARY KEY, author text NOT NULL,"
            " message text NOT NULL, written_at timestamptz NOT NULL DEFAULT now())"
        )
    connection.close()


make_table()


@app.get("/")
def show():
    connection = database()
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT author, message, written_at FROM entries ORDER BY id DESC LIMIT 50")
        entries = cursor.fetchall()
    connection.close()
    return render_template(
        "guestbook.html", entries=entries, title=os.environ.get("GUESTBOOK_TITLE", "Guestbook"),
        instance=os.environ.get("GAE_INSTANCE", "local")[:12], version=os.environ.get("GAE_VERSION", ""),
    )


@app.post("/")
def sign():
    author = request.form.get("author", "").strip()[:80] or "somebody"
    message = request.form.get("message", "").strip()[:1000]
    if message:
        connection = database()
        with connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO entries (author, message) VALUES (%s, %s)", (author, message))
        connection.close()
    return redirect("/", code=303)


@app.get("/_ah/warmup")
def warmup():
    return "", 204


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", "8080")))
