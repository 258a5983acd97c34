/** Settings by their names, as `process.env` has them. */
export type BotFrameworkSettings = Readonly<Record<string, string | boolean | undefined>>;

/** What a `ConfigurationServiceClientCredentialFactory` takes. */
export type ConfigurationServiceClientCredentialFactoryOptions = BotFrameworkSettings;

/** What a `ConfigurationBotFrameworkAuthentication` takes. */
export type ConfigurationBotFrameworkAuthenticationOptions = BotFrameworkSettings;

/** The settings by which a bot proves who it is, given in code: `MicrosoftAppId`, `MicrosoftAppType` and the like. */
export class ConfigurationServiceClientCredentialFactory {
  readonly settings: Readonly<Record<string, string>>;

  constructor(options: ConfigurationServiceClientCredentialFactoryOptions = {}) {
    this.settings = texts(options);
  }
}

/**
 * Settings given in code, to pass to a `CloudAdapter`. They have the names that they have in the environment, and count instead of it.
 *
 * ```ts
 * const adapter = new CloudAdapter(new ConfigurationBotFrameworkAuthentication(process.env));
 * ```
 */
export class ConfigurationBotFrameworkAuthentication {
  readonly settings: Readonly<Record<string, string>>;

  /** @param credentialsFactory whose settings win */
  constructor(
    options: ConfigurationBotFrameworkAuthenticationOptions = {},
    credentialsFactory?: ConfigurationServiceClientCredentialFactory,
  ) {
    this.settings = { ...texts(options), ...credentialsFactory?.settings };
  }
}

function texts(options: BotFrameworkSettings): Readonly<Record<string, string>> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

/** A configuration that is asked for its settings. */
export interface SettingsSource {
  get<T = unknown>(path?: string[]): T | undefined;
}

/** The settings of a configuration, with those of a factory for credentials before them. @param configuration `null` for the factory's alone */
export function createBotFrameworkAuthenticationFromConfiguration(
  configuration: SettingsSource | null | undefined,
  credentialsFactory?: ConfigurationServiceClientCredentialFactory,
): ConfigurationBotFrameworkAuthentication {
  return new ConfigurationBotFrameworkAuthentication(configuration?.get<BotFrameworkSettings>(), credentialsFactory);
}

/** The settings of a configuration, as those by which a bot proves who it is. */
export function createServiceClientCredentialFactoryFromConfiguration(
  configuration: SettingsSource,
): ConfigurationServiceClientCredentialFactory {
  return new ConfigurationServiceClientCredentialFactory(configuration.get<BotFrameworkSettings>());
}
