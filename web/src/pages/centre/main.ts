import { createApp } from 'vue'
import '../../look/base.css'
import '../../staff/staff.css'
import { restoreLight } from '../../look/light'
import { language, speak } from '../../words'
import './words'
import Centre from './Centre.vue'

restoreLight()
await speak(language.value)
createApp(Centre).mount('#page')
