"""What a model looks at: Grad-CAM of films, activation maps, and the patches that excite a channel most."""
