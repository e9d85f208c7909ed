"""A server that other programs call, jobs that outlive it, and a page for the browser.

FastAPI, uvicorn and Gradio live here only; they come with the extras ``server`` and ``studio``.
"""
