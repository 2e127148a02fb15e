import { untilSignal } from '@ramet/service';
import { configFrom } from './config.js';
import { connectOutside } from './outside.js';
import { startTeams } from './service.js';

const asked = untilSignal();
const config = configFrom(process.env);
await using outside = await connectOutside(config);
await using service = await startTeams(config, outside);
outside.logger.info('teams is serving', { port: service.port });
await asked;
