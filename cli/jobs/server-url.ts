/** Where `penstock` looks for a job server when it is told nothing: the port that the service declares, on this machine. */
export const jobServerUrl = 'http://127.0.0.1:8080';
