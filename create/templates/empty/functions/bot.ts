import { createBotApp } from 'turnwise';
import { bot } from '../src/bot';

export const app = createBotApp({ bot });
