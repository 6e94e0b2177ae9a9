"""What Prometheus can't ask the swarm, the containers of a node and NGINX itself."""
