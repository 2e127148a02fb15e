import { untilSignal } from '@ramet/service';
import { configFrom } from './config.js';
import { guardProcess } from './guard.js';
import { connectOutside } from './outside.js';
import { startKeys } from './service.js';

const weak = guardProcess(process, process.env.NODE_OPTIONS);
const asked = untilSignal();
const config = configFrom(process.env);
await using outside = await connectOutside(config);
for (const told of weak) outside.logger.warn(told);
await using service = await startKeys(config, outside);
outside.logger.info('keys is serving', { address: service.address });
await asked;
