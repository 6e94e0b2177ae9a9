/** What we add to the engine's unit. */

/** A task starts from the image that we placed on its node, even where the tag's registry can't be asked. */
export const engineVariable = 'DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=1';

/** The drop-in of docker.service. */
export const engineDropIn = `# Written by kawanan; replaced as a whole.
[Service]
Environment=${engineVariable}
`;
