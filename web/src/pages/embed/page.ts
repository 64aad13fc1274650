import { createApp } from 'vue'
import '../../look/base.css'
import { restoreLight } from '../../look/light'
import { language, speak } from '../../words'
import './words'
import Embed from './Embed.vue'

restoreLight()
await speak(language.value)
createApp(Embed).mount('#page')
