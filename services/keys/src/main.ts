import { untilSignal } from '@ramet/service';
import { configFrom } from './config.js';
import { connectOutside } from './outside.js';
import { startKeys } from './service.js';

const asked = untilSignal();
const config = configFrom(process.env);
await using outside = await connectOutside(config);
await using service = await startKeys(config, outside);
outside.logger.info('keys is serving', { address: service.address });
await asked;
