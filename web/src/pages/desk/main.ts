import { createApp } from 'vue'
import '../../look/base.css'
import '../../staff/staff.css'
import { restoreLight } from '../../look/light'
import { language, speak } from '../../words'
import './words'
import Desk from './Desk.vue'

restoreLight()
await speak(language.value)
createApp(Desk).mount('#page')
