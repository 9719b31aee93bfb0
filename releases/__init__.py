"""What goes out with a release: what it is made of (CycloneDX), and under which licences.

``make release-notes`` writes both into ``build/release``. They speak of what serves: the packages of
``requirements/serve.lock`` as they are installed here, the native libraries inside their wheels, the typeface
and the models. Nothing is asked of the network.
"""
