export type { Logger, LogLevel } from './logger.js';
export { redact } from './redact.js';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.js';
