import { untilSignal } from '@ramet/service';
import { configFrom } from './config.js';
import { connectOutside } from './outside/connect-outside.js';
import { startLifecycle } from './service.js';

const asked = untilSignal();
const config = configFrom(process.env);
await using outside = await connectOutside(config);
await using service = await startLifecycle(config, outside);
outside.logger.info('lifecycle is serving', { port: service.port });
await asked;
