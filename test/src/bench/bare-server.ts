import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';

/** Starts a server of grpc-js alone: no pipeline, no checks. Gives its address. */
export async function startBareServer(
  service: Parameters<Server['addService']>[0],
  handlers: UntypedServiceImplementation,
): Promise<string> {
  const server = new Server();
  server.addService(service, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    const insecure = ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', insecure, (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return `127.0.0.1:${port}`;
}
