/* Turnwise as it is with OpenTelemetry's SDK in its process: registered before the app is there. */
import './open-telemetry.ts';
import './turnwise.ts';
