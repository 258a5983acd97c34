/** How serious a trace or an exception is. */
export const Severity = { Verbose: 0, Information: 1, Warning: 2, Error: 3, Critical: 4 } as const;
export type Severity = (typeof Severity)[keyof typeof Severity];

/** Where `turnState` may have the telemetry client. */
export const BotTelemetryClientKey = 'BotTelemetryClient';

/** A call to something else. */
export interface TelemetryDependency {
  dependencyTypeName: string;
  target: string;
  name: string;
  data: string;
  /** In ms. */
  duration: number;
  success: boolean;
  resultCode: number;
}

/** Something that happened. */
export interface TelemetryEvent {
  name: string;
  properties?: Record<string, unknown>;
  metrics?: Record<string, number>;
}

/** Something that went wrong. */
export interface TelemetryException {
  exception: Error;
  handledAt?: string;
  properties?: Record<string, string>;
  measurements?: Record<string, number>;
  severityLevel?: Severity;
}

/** A line of a log. */
export interface TelemetryTrace {
  message: string;
  properties?: Record<string, string>;
  severityLevel?: Severity;
}

/** A dialog that was shown. */
export interface TelemetryPageView {
  name: string;
  properties?: Record<string, string>;
  metrics?: Record<string, number>;
}

/** Where telemetry goes. The names are those of the Bot Framework SDK, so that its clients fit. */
export interface BotTelemetryClient {
  trackDependency(telemetry: TelemetryDependency): void;
  trackEvent(telemetry: TelemetryEvent): void;
  trackException(telemetry: TelemetryException): void;
  trackTrace(telemetry: TelemetryTrace): void;
  flush(): void;
}

/** What a client may have that tells dialogs from other traces. */
export interface BotPageViewTelemetryClient {
  trackPageView(telemetry: TelemetryPageView): void;
}

/** Drops everything. */
export class NullTelemetryClient implements BotTelemetryClient, BotPageViewTelemetryClient {
  trackPageView(_telemetry: TelemetryPageView): void {}
  trackDependency(_telemetry: TelemetryDependency): void {}
  trackEvent(_telemetry: TelemetryEvent): void {}
  trackException(_telemetry: TelemetryException): void {}
  trackTrace(_telemetry: TelemetryTrace): void {}
  flush(): void {}
}

/**
 * Tells a client that a dialog was shown; one that knows no dialogs gets a trace.
 * @throws TypeError for what is no client
 */
export function telemetryTrackDialogView(
  telemetryClient: BotTelemetryClient & Partial<BotPageViewTelemetryClient>,
  dialogName: string,
  properties?: Record<string, string>,
  metrics?: Record<string, number>,
): void {
  if (typeof telemetryClient?.trackPageView === 'function') {
    telemetryClient.trackPageView({
      name: dialogName,
      ...(properties === undefined ? {} : { properties }),
      ...(metrics === undefined ? {} : { metrics }),
    });
  } else if (typeof telemetryClient?.trackTrace === 'function') {
    telemetryClient.trackTrace({ message: `Dialog View: ${dialogName}`, severityLevel: Severity.Information });
  } else throw new TypeError('"telemetryClient" parameter does not have methods trackPageView() or trackTrace()');
}

/** Names of the properties that events have. */
export const TelemetryConstants = {
  channelIdProperty: 'channelId',
  conversationIdProperty: 'conversationId',
  conversationNameProperty: 'conversationName',
  dialogIdProperty: 'dialogId',
  fromIdProperty: 'fromId',
  fromNameProperty: 'fromName',
  localeProperty: 'locale',
  recipientIdProperty: 'recipientId',
  recipientNameProperty: 'recipientName',
  replyActivityIdProperty: 'replyActivityId',
  textProperty: 'text',
  speakProperty: 'speak',
  userIdProperty: 'userId',
  attachmentsProperty: 'attachments',
  activityTypeProperty: 'type',
  activityIdProperty: 'activityId',
} as const;
