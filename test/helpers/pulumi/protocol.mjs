import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
/** What the SDK itself speaks with, wherever npm has put it. */
const sdk = createRequire(require.resolve('@pulumi/pulumi/package.json'));

export const resolve = require.resolve;
export const grpc = sdk('@grpc/grpc-js');
export const { Empty } = sdk('google-protobuf/google/protobuf/empty_pb.js');
export const { Struct } = sdk('google-protobuf/google/protobuf/struct_pb.js');
export const language = { ...sdk('./proto/language_pb.js'), ...sdk('./proto/language_grpc_pb.js') };
export const provider = { ...sdk('./proto/provider_pb.js'), ...sdk('./proto/provider_grpc_pb.js') };
export const { PluginInfo } = sdk('./proto/plugin_pb.js');

/** Listens on a free port and says which, as the engine expects of every plugin. */
export function serve(service, methods) {
  const server = new grpc.Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  server.addService(service, methods);
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error !== null) throw error;
    console.log(port);
  });
}
