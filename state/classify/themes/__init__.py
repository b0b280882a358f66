"""What people say, theme by theme: a phrase is a few words that mean one thing whoever writes them.

Phrases are written in the one plain spelling of `state.classify.wording`, in English and in the languages
of the providers and gateways that answer in others.
"""
