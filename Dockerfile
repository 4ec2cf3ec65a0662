# Two stages: the first installs the locked dependencies, the second has only them and the bot.
FROM python:3.11-slim AS dependencies
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt ./
RUN /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

FROM python:3.11-slim
# No .pyc files, since the root is read-only; unbuffered, so that no log line is lost.
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/easel.db \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=8080
RUN groupadd --gid 10001 easel \
    && useradd --uid 10001 --gid easel --no-create-home --home-dir /data --shell /usr/sbin/nologin easel \
    && install --directory --owner=easel --group=easel --mode=0700 /data
COPY --from=dependencies /venv /venv
WORKDIR /app
COPY bot.py assembly.py clock.py config.py errors.py limits.py models.py moderation.py parameters.py permissions.py recipes.py version.py LICENSE ./
COPY charting ./charting
COPY childwork ./childwork
COPY cogs ./cogs
COPY generation ./generation
COPY imaging ./imaging
COPY locales ./locales
COPY ops ./ops
COPY provider ./provider
COPY safety ./safety
COPY sandbox ./sandbox
COPY storage ./storage
COPY ui ./ui
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["/venv/bin/python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['HTTP_PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["/venv/bin/python", "bot.py"]
